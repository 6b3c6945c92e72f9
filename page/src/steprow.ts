// One step of a solution in phase 2: its number, its rating, its text.

import { drawing, el, fresh, say, set } from "./dom.ts";
import type { Item } from "./items.ts";
import type { Action } from "./keys.ts";
import { show, showRaw } from "./math.ts";
import { button, RatingControl, toggle } from "./rating.ts";
import type { Room } from "./room.ts";
import { soon } from "./soon.ts";
import { firstError, keyOf, rateStep, unlocked, type Move } from "./state.ts";
import type { Rating, ReportKind, Said } from "./types.ts";

/** So many steps fill a high screen. */
const AT_ONCE = 12;

const REPORTS: [ReportKind | null, string][] = [
  [null, "is a proper step"],
  ["split", "is badly split"],
  ["empty", "is empty"],
  ["other", "is no proper step"],
];

export class StepRow implements Item {
  readonly element: HTMLElement;
  private control: RatingControl | null = null;
  private readonly text = el("div", { class: "text" });
  private readonly tools = el("div", { class: "tools" });
  private rawButton: HTMLButtonElement | null = null;
  private unsure: HTMLButtonElement | null = null;
  private reportButton: HTMLButtonElement | null = null;
  private readonly state = el("span", { class: "hidden", id: fresh("state") });
  private question: HTMLElement | null = null;
  private isRaw = false;
  private isRendered = false;
  private shown = "";

  constructor(
    private readonly room: Room,
    private readonly index: number,
    private readonly source: string,
  ) {
    this.element = el(
      "li",
      { class: "step", tabindex: -1, "aria-describedby": this.state.id },
      el("span", { class: "number" }, el("span", { class: "hidden" }, "Step "), String(index + 1)),
      this.text,
      this.tools,
      this.state,
    );
    // A long solution is there at once; its formulas and buttons come while the first
    // steps are read.
    if (index < AT_ONCE) this.render();
    else {
      this.text.textContent = source;
      soon(() => this.render());
    }
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
    this.isRendered = false;
    this.render();
  }

  draw(isCurrent: boolean): void {
    const { draft } = this.room;
    if (isCurrent) this.render();
    if (this.question && !isCurrent) this.unask();
    const isOpen = this.isOpen();
    const error = firstError(draft, this.n);
    const report = draft.reports.get(this.index) ?? null;
    const isFlagged = draft.flags.has(keyOf(this.index, null));
    // Each key draws all rows; most of them stay as they are.
    const shown = [isCurrent, isOpen, error, report, isFlagged, this.rating()].join();
    if (shown === this.shown) return;
    this.shown = shown;
    this.control?.draw(this.rating(), isOpen);
    this.element.classList.toggle("current", isCurrent);
    this.element.classList.toggle("locked", !isOpen);
    this.element.classList.toggle("error", error === this.index);
    this.drawTools();
    set(this.element, "data-report", report && (REPORTS.find(([kind]) => kind === report)?.[1] ?? ""));
    say(this.state, isOpen ? "" : error !== null ? "Not rated: it comes after the first error" : "Locked until the steps before are rated");
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

  private render(): void {
    if (this.isRendered) return;
    this.isRendered = true;
    (this.isRaw ? showRaw : show)(this.text, this.source);
    if (!this.rawButton) this.addTools();
    if (this.rawButton) set(this.rawButton, "aria-pressed", String(this.isRaw));
    this.control ??= this.addControl();
    this.control.draw(this.rating(), this.isOpen());
    this.drawTools();
  }

  private addControl(): RatingControl {
    const rate = (rating: Rating): boolean => this.rate(rating, false);
    const control = new RatingControl(`Step ${this.index + 1}`, (action) => this.room.keyFor(action), rate);
    this.text.before(control.element);
    return control;
  }

  private addTools(): void {
    const tool = (label: string, name: string, key: string, press: () => void): HTMLButtonElement => {
      const made = toggle(label, `${name} step ${this.index + 1} · key ${key}`, press);
      set(made, "aria-label", `${name} step ${this.index + 1}`);
      this.tools.append(made);
      return made;
    };
    const key = (action: Action): string => this.room.keyFor(action);
    this.rawButton = tool("raw", "Raw text of", key("raw"), () => this.raw());
    this.unsure = tool("?", "Unsure about", key("flag"), () => this.flag());
    this.reportButton = tool("", "Report", key("report"), () => this.report());
    this.reportButton.append(drawing("M6 21V3h12l-3 4.5 3 4.5H6"));
  }

  private drawTools(): void {
    if (!this.unsure || !this.reportButton) return;
    const { draft } = this.room;
    set(this.unsure, "aria-pressed", String(draft.flags.has(keyOf(this.index, null))));
    set(this.unsure, "disabled", !this.isOpen());
    set(this.reportButton, "aria-pressed", String(draft.reports.has(this.index)));
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
