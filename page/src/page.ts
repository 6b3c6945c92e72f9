// The page of the labelling room: who is here, what they press, what they see.

import "katex/dist/katex.min.css";
import "./style.css";
import { api, Refused, Unreachable } from "./api.ts";
import * as dialogs from "./dialogs.ts";
import { el } from "./dom.ts";
import { Frame } from "./frame.ts";
import { pressOf, showKeys } from "./keylist.ts";
import { actionOf, complete, shown, type Action } from "./keys.ts";
import { Outbox } from "./outbox.ts";
import { button } from "./rating.ts";
import { watchWords } from "./same.ts";
import { openStore } from "./store.ts";
import { hold } from "./tabs.ts";
import { ActiveTime } from "./time.ts";
import type { Keymap, Me, Submission } from "./types.ts";
import { Desk, type Surroundings } from "./work.ts";

const app = document.querySelector("#app") ?? document.body;
const CLOCK_MS = 30_000;
const HEARTBEAT_MS = 60_000;

class Page implements Surroundings {
  readonly frame: Frame;
  readonly outbox: Outbox;
  readonly time = new ActiveTime(() => performance.now(), !document.hidden);
  private readonly desk: Desk;
  private map: Record<Action, string[]>;
  private frozen = false;

  constructor(
    public me: Me,
    store: Awaited<ReturnType<typeof openStore>>,
    private readonly layout: ReadonlyMap<string, string> | undefined,
  ) {
    this.map = complete(me.keymap);
    const server = {
      events: api.events,
      release: api.release,
      look: api.look,
      submit: (id: string, submission: Submission) => this.submit(id, submission),
    };
    this.outbox = new Outbox(store, me.labeler_id, server, {
      changed: (standing) => this.frame.drawStanding(standing),
      renumbered: (id) => void this.desk.refresh(id).catch(() => undefined),
      rejected: (id, why) => void this.desk.refresh(id, `Not submitted: ${why}.`).catch(() => undefined),
    });
    this.frame = new Frame({
      act: (action) => this.act(action),
      keyFor: (action) => this.keyFor(action),
      reopen: (id) => void this.desk.reopen(id),
      note: (text) => {
        if (text !== this.desk.draft.note) this.desk.say([{ type: "note", payload: { text } }]);
      },
      signOut: () => void this.signOut(),
      discard: (id) => void this.outbox.discard(id).then(() => location.reload()),
      retry: () => void this.outbox.retry(),
    });
    this.desk = new Desk(this);
  }

  async start(): Promise<void> {
    app.replaceChildren(this.frame.element);
    this.frame.drawMe(this.me);
    this.frame.drawRecent([]);
    this.listen();
    await this.outbox.load();
    if (await hold("ask", () => this.freeze())) await this.begin();
    else {
      this.freeze();
      await this.desk.next();
    }
  }

  keyFor(action: Action): string {
    const first = this.map[action][0];
    return first === undefined ? "" : shown(first, this.layout);
  }

  isFrozen(): boolean {
    return this.frozen;
  }

  private async begin(): Promise<void> {
    await this.outbox.drain();
    void this.recent();
    await this.desk.next();
  }

  private async submit(id: string, submission: Submission): Promise<void> {
    const { me } = await api.submit(id, submission);
    if (me) this.meet(me);
    void this.recent();
  }

  /** Takes in what the server says of the rater and the project now. */
  private meet(me: Me): void {
    const isLetIn = this.me.state === "screening" && me.state === "active";
    if (isLetIn) this.frame.notice("passed", "You passed the screening. What comes now is the work itself.");
    this.me = me;
    this.frame.drawMe(me);
  }

  private async recent(): Promise<void> {
    this.frame.drawRecent(await api.recent().catch(() => []));
  }

  private act(action: Action): void {
    const { frame } = this;
    if (action === "hide") frame.toggleAnswer();
    else if (action === "note") frame.note.focus();
    else if (action === "keys") void this.changeKeys();
    else if (action === "guidelines") void this.readGuidelines();
    else this.desk.act(action);
  }

  private async readGuidelines(): Promise<void> {
    const guideline = this.me.project.guideline;
    await dialogs.showGuidelines(guideline?.text ?? "");
    this.frame.haveRead(guideline);
  }

  private async changeKeys(): Promise<void> {
    await showKeys(this.me.keymap, this.layout, async (map: Keymap | null) => {
      await api.keymap(map ?? {});
      this.desk.clock();
      await this.outbox.drain();
      location.reload(); // every button shows its key
    });
  }

  private async signOut(): Promise<void> {
    this.desk.clock();
    const isClear = await this.outbox.drain();
    const text = "Some of what you did is not with the server yet. It stays in this browser until you sign in here again.";
    if (!isClear && !(await dialogs.askWhether("Sign out?", text, "Sign out", "Stay"))) return;
    await api.signOut().catch(() => undefined);
    location.assign("/");
  }

  private listen(): void {
    watchWords();
    document.addEventListener("keydown", (event) => this.pressed(event));
    for (const sign of ["keydown", "pointermove", "pointerdown", "wheel", "scroll"])
      document.addEventListener(sign, () => this.time.touch(), { passive: true, capture: true });
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) return this.time.show();
      this.time.hide();
      // The tab may be closed next: what is being typed is said now.
      if (document.activeElement instanceof HTMLTextAreaElement) document.activeElement.dispatchEvent(new Event("change"));
      this.desk.clock();
    });
    window.addEventListener("online", () => void this.outbox.flush());
    setInterval(() => this.desk.clock(), CLOCK_MS);
    setInterval(() => this.beat(), HEARTBEAT_MS);
    window.addEventListener("beforeunload", (event) => {
      const { waiting, keeps } = this.outbox.standing();
      if (waiting && !keeps) event.preventDefault();
    });
  }

  private beat(): void {
    if (document.hidden || this.frozen || !this.desk.isOpen) return;
    const beat = async (): Promise<void> => {
      await api.heartbeat(this.desk.assignment.assignment_id);
      void this.outbox.flush();
      this.meet(await api.me()); // the guidelines may be others now
    };
    void beat().catch(() => undefined); // the outbox will notice, too
  }

  private pressed(event: KeyboardEvent): void {
    const target = event.target instanceof HTMLElement ? event.target : document.body;
    if (event.defaultPrevented || dialogs.isOpen()) return;
    if (target.closest("input, textarea, select, [contenteditable]")) {
      if (event.key === "Escape") target.blur();
      return;
    }
    // A button is pressed by Enter and space; that is not for us.
    if ((event.key === "Enter" || event.key === " ") && target.closest("button, a, summary")) return;
    const isPlain = !event.repeat && !event.isComposing && !event.ctrlKey && !event.altKey && !event.metaKey;
    if (isPlain && /^[0-9]$/.test(event.key) && !this.frozen && this.desk.digit(Number(event.key))) {
      event.preventDefault();
      return;
    }
    const action = actionOf(this.map, pressOf(event));
    if (!action) return;
    event.preventDefault();
    if (!this.frozen || action === "hide" || action === "guidelines") this.act(action);
  }

  private freeze(): void {
    this.frozen = true;
    this.outbox.halt();
    this.frame.freeze(true);
    const take = button("Take over here", "", () => {
      take.disabled = true;
      void hold("take", () => undefined).then(() => location.reload());
    }, "primary");
    app.prepend(el("div", { class: "banner", role: "alert" }, "Another tab is at work; here you can only look. ", take));
  }
}

/** A page with nothing but words and perhaps a button. */
function alone(title: string, text: string, ...more: Node[]): void {
  app.replaceChildren(el("main", { class: "alone" }, el("h1", {}, title), el("p", { role: "status" }, text), ...more));
}

/** The secret of an invite is in the fragment, which is not sent to any server. */
function welcome(secret: string): void {
  const go = button("Start", "⏎", () => {
    go.disabled = true;
    api.signIn(secret).then(
      () => {
        history.replaceState(null, "", "/");
        void boot();
      },
      (error: Error) => alone("The link does not work", error.message),
    );
  }, "primary");
  alone("Welcome to the labelling room", "You were invited to rate solutions step by step. The link works once, and for this browser only.", go);
  go.focus();
}

async function boot(): Promise<void> {
  const secret = location.hash.slice(1);
  if (location.pathname === "/i" && secret) return welcome(secret);
  try {
    const me = await api.me();
    const keyboard = (navigator as { keyboard?: { getLayoutMap(): Promise<ReadonlyMap<string, string>> } }).keyboard;
    const layout = await keyboard?.getLayoutMap().catch(() => undefined);
    await new Page(me, await openStore(), layout).start();
  } catch (error) {
    if (error instanceof Refused && error.status === 401) alone("Surefoot labelling room", "You are not signed in. Open your invite link, or ask the project lead for one.");
    else if (error instanceof Unreachable) {
      alone("Surefoot labelling room", `The server does not answer (${error.message}). Trying again …`);
      setTimeout(() => void boot(), 3000);
    } else alone("Surefoot labelling room", `Something went wrong: ${error instanceof Error ? error.message : String(error)}`);
  }
}

void boot();
