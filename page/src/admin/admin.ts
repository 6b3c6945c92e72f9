// The page for leads and administrators: a bar of tabs, and one view at a time.
//
// The address after # says which, so that a view can be linked and the browser's
// back button works.

import "katex/dist/katex.min.css";
import "../style.css";
import "./admin.css";
import { Refused } from "../api.ts";
import { isOpen } from "../dialogs.ts";
import { el, say, set } from "../dom.ts";
import { button } from "../rating.ts";
import { agreement } from "./agreement.ts";
import { audit } from "./audit.ts";
import { disagreements } from "./disagreements.ts";
import { exports } from "./exports.ts";
import { flags } from "./flags.ts";
import { guidelines } from "./guidelines.ts";
import { overview } from "./overview.ts";
import { people } from "./people.ts";
import { quality } from "./quality.ts";
import { server } from "./server.ts";
import { settings } from "./settings.ts";
import { task } from "./task.ts";
import type { Me } from "./types.ts";
import type { Around, View } from "./view.ts";

const app = document.querySelector("#app") ?? document.body;

const TABS: Record<string, [string, View]> = {
  overview: ["Overview", overview],
  people: ["People", people],
  agreement: ["Agreement", agreement],
  disagreements: ["Disagreements", disagreements],
  quality: ["Quality", quality],
  flags: ["Flags", flags],
  guidelines: ["Guidelines", guidelines],
  settings: ["Settings", settings],
  exports: ["Exports", exports],
  audit: ["Audit", audit],
};
/** Views without a tab of their own -> the tab they belong to. */
const UNDER: Record<string, [string, View, string]> = { task: ["One solution", task, "disagreements"] };

class Administration {
  private readonly keys: Around["keys"] = new Map();
  private readonly place = el("div", { class: "view" });
  private readonly heading = el("h2", { tabindex: -1 });
  private readonly status = el("p", { class: "told", role: "status" });
  private readonly tabs: Map<string, HTMLElement>;
  private turn = 0;
  private carried = "";

  constructor(private readonly me: Me) {
    this.tabs = new Map(Object.entries(TABS).map(([name, [title]]) => [name, el("a", { href: `#${name}` }, title)]));
  }

  start(): void {
    const head = el(
      "header",
      { class: "top" },
      el("h1", {}, "Surefoot"),
      el("span", { class: "project" }, this.me.project.name),
      el("span", { class: "spring" }),
      el("a", { href: "/" }, "Rate solutions"),
      el("span", { class: "who" }, this.me.name),
      button("Sign out", "", () => void server.signOut().then(() => location.assign("/")), "small"),
    );
    const nav = el("nav", { class: "tabs", "aria-label": "Administration" }, ...this.tabs.values());
    app.replaceChildren(el("div", { class: "frame admin" }, head, nav, el("main", {}, this.heading, this.status, this.place)));
    window.addEventListener("hashchange", () => {
      this.tell(this.carried);
      this.carried = "";
      void this.draw(true);
    });
    document.addEventListener("keydown", (event) => this.pressed(event));
    void this.draw(false);
  }

  /** What the view that is shown may do; once the lead has gone elsewhere it moves nobody and draws nothing. */
  private around(): Around {
    const place = location.hash;
    const ifHere = (what: () => void): void => void (location.hash === place && what());
    return {
      me: this.me,
      isAdmin: this.me.role === "admin",
      keys: this.keys,
      tell: (text) => this.tell(text),
      act: (what, done) => this.act(what, done),
      again: () => ifHere(() => void this.draw(false)),
      go: (to, said = "") =>
        ifHere(() => {
          this.carried = said;
          location.hash = to;
        }),
    };
  }

  private tell(text: string): void {
    say(this.status, text);
  }

  private async act(what: Promise<unknown>, done: string): Promise<boolean> {
    try {
      await what;
      this.tell(done);
      return true;
    } catch (error) {
      this.tell(`Not done: ${(error as Error).message}`);
      return false;
    }
  }

  /** Shows what the address says; a slower answer to an earlier question is dropped. */
  private async draw(isNew: boolean): Promise<void> {
    const [name = "", ...rest] = location.hash.slice(1).split("/");
    const under = UNDER[name];
    const [title, view] = under ?? TABS[name] ?? [TABS["overview"]![0], overview];
    const current = under?.[2] ?? (name in TABS ? name : "overview");
    for (const [key, tab] of this.tabs) set(tab, "aria-current", key === current ? "page" : null);
    this.turn += 1;
    const turn = this.turn;
    this.keys.clear();
    say(this.heading, title);
    document.title = `${title} · ${this.me.project.name}`;
    set(this.place, "aria-busy", "true");
    if (isNew) {
      this.heading.focus();
      this.place.replaceChildren(el("p", { class: "quiet" }, "Asking the server …"));
    }
    let inside: (Node | string)[];
    try {
      inside = (await view(this.around(), rest)).filter((child) => typeof child === "string" || child instanceof Node);
    } catch (error) {
      if (error instanceof Refused && error.status === 401) return alone("You are not signed in. Open your invite link, or ask for a new one.");
      inside = [el("p", { class: "warn", role: "alert" }, `This could not be read: ${(error as Error).message}`), button("Try again", "", () => void this.draw(false))];
    }
    if (turn !== this.turn) return;
    this.place.replaceChildren(...inside);
    set(this.place, "aria-busy", null);
  }

  private pressed(event: KeyboardEvent): void {
    const target = event.target instanceof HTMLElement ? event.target : document.body;
    const isText = target.closest("textarea, select, input:not([type=radio])") !== null;
    const isPressed = event.key === "Enter" && target.closest("button, a, summary") !== null;
    if (event.defaultPrevented || event.repeat || event.altKey || event.metaKey || isOpen() || isPressed) return;
    // In a text Enter is a line; with Ctrl it decides there, too.
    if (event.ctrlKey ? event.key !== "Enter" : isText) return;
    const press = this.keys.get(event.key);
    if (!press) return;
    event.preventDefault();
    press();
  }
}

/** A page with nothing but words. */
function alone(text: string): void {
  app.replaceChildren(el("main", { class: "alone" }, el("h1", {}, "Surefoot labelling room"), el("p", { role: "status" }, text), el("a", { href: "/" }, "Rate solutions")));
}

async function boot(): Promise<void> {
  try {
    const me = await server.me();
    if (me.role === "labeler") alone("This page is for leads and administrators.");
    else new Administration(me).start();
  } catch (error) {
    const isOut = error instanceof Refused && error.status === 401;
    alone(isOut ? "You are not signed in. Open your invite link, or ask for a new one." : `The server does not answer: ${(error as Error).message}`);
  }
}

void boot();
