// Phase 1: a step is offered, or more; one continues.
//
// More are offered if the first is not Great; if none is, the rater writes one.

import { Card } from "./cards.ts";
import { el, say, set } from "./dom.ts";
import { Editor } from "./editor.ts";
import { Items } from "./items.ts";
import type { Action } from "./keys.ts";
import { show } from "./math.ts";
import { button } from "./rating.ts";
import type { Room, View } from "./room.ts";
import { apply, keyOf } from "./state.ts";
import { nextOf, statesAnswer, takeBack, turnsOf, type Next, type Turn } from "./turns.ts";
import type { Finish, Option, Said } from "./types.ts";

const DIRECTIONS = "Rate the step. If it is not Great, others are offered.";

export class Phase1 implements View {
  readonly element: HTMLElement;
  private readonly items = new Items();
  /** What was offered, by the steps before: who goes back and forth sees the same. */
  private readonly offers = new Map<string, Option[]>();
  private readonly taken = el("ol", { class: "steps taken" });
  private readonly tray = el("ol", { class: "cards" });
  private readonly hint = el("p", { class: "quiet", role: "status" });
  private readonly choices = el("div", { class: "choices" });
  private readonly where = el("span", { class: "where" });
  private readonly editor: Editor;
  private shownTaken = "";
  private shownTray = "";
  private shownWay = "";
  private goesOn: string | null = null;
  private busy: string | null = null;
  private trouble: string | null = null;
  private readonly asked = new Set<string>();

  constructor(private readonly room: Room) {
    this.editor = new Editor((text) => this.write(text));
    this.element = el(
      "section",
      { class: "solution", "aria-label": "Solution" },
      el("div", { class: "heading" }, el("h2", {}, "Solution so far"), this.where),
      this.taken,
      el("div", { class: "tray" }, el("h3", {}, "Next step"), this.hint, this.tray, this.choices, this.editor.element),
    );
    this.element.addEventListener("focusin", (event) => this.items.follow(event.target as Node));
    this.element.addEventListener("click", (event) => this.items.follow(event.target as Node));
    this.recall();
  }

  draw(): void {
    const turns = this.turns();
    const way = this.way();
    this.drawTaken(turns);
    const isDone = this.isDone(way);
    if (!isDone) this.fetch(way);
    this.drawTray(way, isDone);
    this.items.draw();
    say(this.where, `step ${way.length + 1}`);
  }

  act(action: Action): boolean {
    if (action !== "submit") return this.items.act(action);
    const next = this.next();
    if (this.isDone(this.way()) || !next) return false;
    if (next.kind === "rate") this.items.move(this.items.firstUnrated());
    else if (next.writes) this.editor.focus();
    else this.choose(next.among);
    return true;
  }

  ending(): { finish: Finish } | { why: string } {
    if (this.isDone(this.way())) return { finish: "solution" };
    return { why: "Go on until a step states the final answer" };
  }

  progress(): string {
    const n = this.way().length;
    return n === 1 ? "1 step" : `${n} steps`;
  }

  enter(): void {
    this.items.move(Math.max(0, this.items.firstUnrated()));
  }

  /** Whether the last step seems to state the final answer; the rater may know better. */
  private isDone(way: string[]): boolean {
    return statesAnswer(way.at(-1)) && this.goesOn !== named(way);
  }

  private way(): string[] {
    return [...this.room.assignment.steps, ...this.turns().map((turn) => turn.text)];
  }

  private turns(): Turn[] {
    return turnsOf(this.room.draft, this.room.assignment.steps, (way) => this.offers.get(named(way)));
  }

  private next(): Next | null {
    const way = this.way();
    const offered = this.offers.get(named(way));
    return offered?.length ? nextOf(this.room.draft, way.length, offered) : null;
  }

  /** The server sends what was offered on the way that was taken. */
  private recall(): void {
    for (let n = -1; n < this.offers.size; ) {
      n = this.offers.size;
      const way = this.way();
      const sent = this.room.assignment.options[String(way.length)];
      if (sent?.length) this.offers.set(named(way), sent);
    }
  }

  /** Asks for the first option of a step, and for more once that is rated and not Great. */
  private fetch(way: string[]): void {
    const step = way.length;
    const offered = this.offers.get(named(way)) ?? [];
    const next = offered.length ? nextOf(this.room.draft, step, offered) : null;
    const wantsMore = offered.length === 1 && next?.kind === "continue" && next.writes;
    const question = `${offered.length} ${named(way)}`;
    if ((offered.length && !wantsMore) || this.asked.has(question)) return;
    this.asked.add(question);
    this.busy = question;
    this.trouble = null;
    this.room
      .alternatives(step)
      .then((found) => this.offers.set(named(way), found))
      .catch((error: Error) => {
        this.trouble = error.message;
      })
      .finally(() => {
        if (this.busy === question) this.busy = null;
        this.room.draw();
        if (!(document.activeElement instanceof HTMLTextAreaElement)) this.enter();
      });
  }

  private drawTaken(turns: Turn[]): void {
    const key = JSON.stringify(turns.map((turn) => turn.text));
    if (key === this.shownTaken) return;
    this.shownTaken = key;
    const texts = [...this.room.assignment.steps, ...turns.map((turn) => turn.text)];
    const first = this.room.assignment.steps.length;
    const rows = texts.map((text, i) => {
      const into = el("div", { class: "text" });
      show(into, text);
      const turn = turns[i - first];
      const back = turn && button("Back", "", () => this.room.say(takeBack(this.room.draft, turn.step)), "small");
      if (back) set(back, "aria-label", `Take back step ${i + 1}`);
      return el("li", { class: "step" }, el("span", { class: "number" }, String(i + 1)), into, turn?.candidate === null && el("small", { class: "quiet" }, "yours"), back);
    });
    this.taken.replaceChildren(...rows);
  }

  private drawTray(way: string[], isDone: boolean): void {
    const offered = isDone ? [] : (this.offers.get(named(way)) ?? []);
    const key = `${named(way)} ${offered.length}`;
    if (key !== this.shownTray) {
      this.shownTray = key;
      const room: Room = Object.create(this.room, { say: { value: (said: Said[]) => this.room.say(this.withChoice(said)) } });
      const cards = offered.map((option, i) => new Card(room, way.length, option, `Option ${i + 1}`, false, () => true));
      this.tray.replaceChildren(...cards.map((card) => card.element));
      this.items.set(cards);
    }
    if (named(way) !== this.shownWay) this.editor.clear();
    this.shownWay = named(way);
    const next = isDone ? null : this.next();
    const writes = !isDone && (next ? next.kind === "continue" && next.writes && !this.busy : this.trouble !== null);
    set(this.editor.element, "hidden", !writes);
    say(this.hint, isDone ? "The last step states a final answer: submit, or go back." : this.hintFor(next, offered));
    this.drawChoices(next, way, isDone);
  }

  private hintFor(next: Next | null, offered: Option[]): string {
    if (this.busy) return offered.length ? "Asking for other steps …" : "Asking for a step …";
    if (this.trouble) return `${this.trouble[0]?.toUpperCase()}${this.trouble.slice(1)}.`;
    if (!next) return "Nothing is offered: write the step yourself, give up, or release it.";
    if (next.kind === "rate") return offered.length === 1 ? DIRECTIONS : `Rate all options: ${next.left} left.`;
    if (!next.writes) return "One of the Great options continues, drawn by lot.";
    return "No option is Great: write the next step yourself" + (next.among.length ? ", or go on with an Okay one." : ".");
  }

  private drawChoices(next: Next | null, way: string[], isDone: boolean): void {
    const key = this.room.keyFor("submit");
    const made: HTMLElement[] = [];
    if (isDone) made.push(button("It is not the final answer: go on", "", () => this.goOn(way)));
    if (this.trouble !== null) made.push(button("Ask again", "", () => this.askAgain()));
    if (next?.kind === "continue" && !this.busy && next.among.length) {
      const label = next.writes ? "Go on with an Okay one" : "Continue";
      made.push(button(label, next.writes ? "" : key, () => this.choose(next.among), next.writes ? "" : "primary"));
    }
    const before = [...this.choices.children].map((child) => child.textContent).join();
    if (before !== made.map((child) => child.textContent).join()) this.choices.replaceChildren(...made);
  }

  /** A single option that is Great continues at once, in the same stroke. */
  private withChoice(said: Said[]): Said[] {
    const way = this.way();
    const offered = this.offers.get(named(way)) ?? [];
    const only = offered[0];
    if (offered.length !== 1 || !only) return said;
    const after = said.reduce(apply, this.room.draft);
    if (after.ratings.get(keyOf(way.length, only.candidate)) !== 1) return said;
    return [...said, { type: "choose", payload: { step: way.length, candidate: only.candidate } }];
  }

  private goOn(way: string[]): void {
    this.goesOn = named(way);
    this.room.draw();
  }

  private askAgain(): void {
    this.asked.clear();
    this.trouble = null;
    this.room.draw();
  }

  private choose(among: number[]): void {
    const candidate = among[Math.floor(Math.random() * among.length)];
    if (candidate === undefined) return;
    this.room.say([{ type: "choose", payload: { step: this.way().length, candidate } }]);
    this.enter();
  }

  private write(text: string): void {
    this.room.say([{ type: "human_step", payload: { step: this.way().length, text } }]);
    this.enter();
  }
}

function named(way: readonly string[]): string {
  return way.join("\u001e");
}
