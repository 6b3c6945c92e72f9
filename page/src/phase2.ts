// Phase 2: a whole solution is shown and rated step by step, up to the first error.

import { el, say, set } from "./dom.ts";
import { Drawer } from "./drawer.ts";
import { Items } from "./items.ts";
import type { Action } from "./keys.ts";
import { show } from "./math.ts";
import type { Room, View } from "./room.ts";
import { ending, firstError, ratingsOf } from "./state.ts";
import { StepRow } from "./steprow.ts";
import type { Finish } from "./types.ts";

export class Phase2 implements View {
  readonly element: HTMLElement;
  private readonly rows: StepRow[];
  private readonly items = new Items();
  private readonly drawer: Drawer;
  private readonly where = el("span", { class: "where", role: "status" });

  constructor(private readonly room: Room) {
    const { steps, final_answer: answer } = room.assignment;
    this.rows = steps.map((text, i) => new StepRow(room, i, text));
    this.drawer = new Drawer(room);
    const final = el("span", { class: "text" });
    if (answer !== null) show(final, answer);
    this.element = el(
      "section",
      { class: "solution", "aria-label": "Solution" },
      el("div", { class: "heading" }, el("h2", {}, "Solution"), this.where),
      el("ol", { class: "steps" }, ...this.rows.map((row) => row.element)),
      answer !== null && el("p", { class: "final" }, el("b", {}, "Final answer"), " ", final),
      this.drawer.element,
    );
    this.element.addEventListener("focusin", (event) => this.items.follow(event.target as Node));
    this.element.addEventListener("click", (event) => this.items.follow(event.target as Node));
    this.items.set(this.rows);
  }

  draw(): void {
    this.drawer.draw();
    this.items.set([...this.rows, ...this.drawer.items]);
    this.items.draw();
    say(this.where, this.progress());
    const error = firstError(this.room.draft, this.rows.length);
    set(this.element, "data-error", error === null ? null : error + 1);
  }

  act(action: Action): boolean {
    const row = this.rows[this.items.index];
    if (row?.isAsking && action !== "submit") row.unask();
    return this.items.act(action);
  }

  digit(value: number): boolean {
    return this.items.digit(value);
  }

  ending(): { finish: Finish } | { why: string } {
    return ending(this.room.draft, this.rows.length);
  }

  progress(): string {
    const n = this.rows.length;
    const error = firstError(this.room.draft, n);
    if (error !== null) return `first error: step ${error + 1} of ${n}`;
    const rated = ratingsOf(this.room.draft, n).filter((rating) => rating !== null).length;
    return rated === n ? `all ${n} rated` : `step ${rated + 1} of ${n}`;
  }

  enter(): void {
    const error = firstError(this.room.draft, this.rows.length);
    const first = this.items.firstUnrated();
    this.items.move(error ?? (first < 0 ? this.rows.length - 1 : first));
  }
}
