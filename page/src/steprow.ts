// One step of a solution in phase 2: its number, its rating, its text.

import { drawing, el, fresh, say, set } from "./dom.ts";
import type { Item } from "./items.ts";
import { show, showRaw } from "./math.ts";
import { button, RatingControl, toggle } from "./rating.ts";
import type { Room } from "./room.ts";
import { keyOf, rateStep, ratingsOf, unlocked, type Move } from "./state.ts";
import type { Rating, ReportKind, Said } from "./types.ts";

const REPORTS: [ReportKind | null, string][] = [
  [null, "is a proper step"],
  ["split", "is badly split"],
  ["empty", "is empty"],
  ["other", "is no proper step"],
];

export class StepRow implements Item {
  readonly element: HTMLElement;
  private readonly control: RatingControl;
  private readonly text = el("div", { class: "text" });
  private readonly rawButton: HTMLButtonElement;
  private readonly unsure: HTMLButtonElement;
  private readonly reportButton: HTMLButtonElement;
  private readonly state = el("span", { class: "hidden", id: fresh("state") });
  private question: HTMLElement | null = null;
  private isRaw = false;

  constructor(
    private readonly room: Room,
    private readonly index: number,
    private readonly source: string,
  ) {
    const name = `Step ${index + 1}`;
    this.control = new RatingControl(name, (action) => room.keyFor(action), (rating) => this.rate(rating, false));
    this.rawButton = toggle("raw", `Show the text of step ${index + 1} as written · key ${room.keyFor("raw")}`, () => this.raw());
    this.unsure = toggle("?", `Unsure about step ${index + 1} · key ${room.keyFor("flag")}`, () => this.flag());
    this.reportButton = toggle("", `Step ${index + 1} is not a proper step · key ${room.keyFor("report")}`, () => this.report());
    this.reportButton.append(drawing("M6 21V3h12l-3 4.5 3 4.5H6"));
    set(this.rawButton, "aria-label", `Raw text of step ${index + 1}`);
    set(this.unsure, "aria-label", `Unsure about step ${index + 1}`);
    set(this.reportButton, "aria-label", `Report step ${index + 1}`);
    show(this.text, source);
    this.element = el(
      "li",
      { class: "step", tabindex: -1, "aria-describedby": this.state.id },
      el("span", { class: "number" }, el("span", { class: "hidden" }, "Step "), String(index + 1)),
      this.control.element,
      this.text,
      el("div", { class: "tools" }, this.rawButton, this.unsure, this.reportButton),
      this.state,
    );
  }

  isOpen(): boolean {
    return this.index < unlocked(this.room.draft, this.n);
  }

  rating(): Rating | null {
    return this.room.draft.ratings.get(keyOf(this.index, null)) ?? null;
  }

  rate(rating: Rating | null, isFast: boolean): boolean {
    const move = rateStep(this.room.draft, this.n, this.index, rating);
    if (!move) return false;
    if (move.drops) {
      this.ask(move, rating);
      return false;
    }
    this.settle(isFast ? move.said.map(fast) : move.said);
    return true;
  }

  flag(): void {
    if (!this.isOpen()) return;
    const flagged = !this.room.draft.flags.has(keyOf(this.index, null));
    this.room.say([{ type: "flag", payload: { step: this.index, candidate: null, flagged } }]);
  }

  /** Each press says another thing about the step: badly split, empty, other, fine. */
  report(): void {
    const held = this.room.draft.reports.get(this.index) ?? null;
    const at = REPORTS.findIndex(([kind]) => kind === held);
    const kind = REPORTS[(at + 1) % REPORTS.length]?.[0] ?? null;
    this.room.say([{ type: "report_step", payload: { step: this.index, kind } }]);
  }

  raw(): void {
    this.isRaw = !this.isRaw;
    (this.isRaw ? showRaw : show)(this.text, this.source);
    set(this.rawButton, "aria-pressed", String(this.isRaw));
  }

  draw(isCurrent: boolean): void {
    const { draft } = this.room;
    const isOpen = this.isOpen();
    const error = ratingsOf(draft, this.n).indexOf(-1);
    const report = draft.reports.get(this.index) ?? null;
    this.control.draw(this.rating(), isOpen);
    this.element.classList.toggle("current", isCurrent);
    this.element.classList.toggle("locked", !isOpen);
    this.element.classList.toggle("error", error === this.index);
    set(this.unsure, "aria-pressed", String(draft.flags.has(keyOf(this.index, null))));
    set(this.unsure, "disabled", !isOpen);
    set(this.reportButton, "aria-pressed", String(report !== null));
    set(this.element, "data-report", report && (REPORTS.find(([kind]) => kind === report)?.[1] ?? ""));
    say(this.state, isOpen ? "" : error >= 0 ? "Not rated: it comes after the first error" : "Locked until the steps before are rated");
    if (this.question && !isCurrent) this.unask();
  }

  /** Whether the question about later ratings is open. */
  get isAsking(): boolean {
    return this.question !== null;
  }

  /** Closes the question; the ratings stay as they are. */
  unask(): void {
    this.question?.remove();
    this.question = null;
  }

  private get n(): number {
    return this.room.assignment.steps.length;
  }

  private ask(move: Move, rating: Rating | null): void {
    this.unask();
    const what = move.drops === 1 ? "1 later rating" : `${move.drops} later ratings`;
    const undo = this.room.keyFor("undo");
    const drop = button(`Drop ${move.drops === 1 ? "it" : "them"}`, "⏎", () => this.settle(move.said), "primary");
    const text = `${what} will be dropped${rating === null ? "" : ", as the first error ends the solution"}; ${undo} restores.`;
    const keep = button("Keep", "Esc", () => {
      this.unask();
      this.element.focus({ preventScroll: true });
    });
    this.question = el("div", { class: "question", role: "alertdialog", "aria-label": "Drop later ratings?" }, text, " ", drop, " ", keep);
    this.question.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      keep.click();
      event.preventDefault();
      event.stopPropagation();
    });
    this.element.append(this.question);
    drop.focus();
  }

  private settle(said: Said[]): void {
    this.unask();
    this.element.focus({ preventScroll: true });
    if (said.length) this.room.say(said);
  }
}

function fast(said: Said): Said {
  return said.type === "rate" ? { ...said, payload: { ...said.payload, fast: true } } : said;
}
