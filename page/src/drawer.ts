// What is asked about the first error.
//
// How far the solution had got, what is said against the step, what could have
// stood there: each only if the project asks.

import { Refused } from "./api.ts";
import { Card } from "./cards.ts";
import { el, set } from "./dom.ts";
import type { Item } from "./items.ts";
import { show } from "./math.ts";
import { button, RatingControl } from "./rating.ts";
import type { Room } from "./room.ts";
import { firstError, optionsAt } from "./state.ts";
import type { Option, Rating } from "./types.ts";

const PROGRESS = ["none", "a little", "about half", "most of it", "all but the end"];

/** How far the solution had come; with the cursor on it, the digits choose. */
class Scale implements Item {
  readonly element: HTMLElement;
  private readonly buttons: HTMLElement[];

  constructor(private readonly room: Room) {
    this.buttons = PROGRESS.map((name, value) =>
      el("button", { type: "button", role: "radio", onclick: () => this.digit(value) }, el("kbd", {}, String(value)), ` ${name}`),
    );
    const question = "How far had the solution come before this step?";
    const group = el("div", { class: "scale", role: "radiogroup", "aria-label": question }, ...this.buttons);
    this.element = el("div", { class: "card progress", tabindex: -1 }, el("h3", {}, question), group);
  }

  isOpen(): boolean {
    return true;
  }

  rating(): Rating | null {
    return this.room.draft.progress === null ? null : 0;
  }

  /** It has a scale of its own; only taking back is the same. */
  rate(rating: Rating | null): boolean {
    if (rating === null) this.room.say([{ type: "progress", payload: { value: null } }]);
    return false;
  }

  digit(value: number): boolean {
    if (value >= PROGRESS.length) return false;
    if (value !== this.room.draft.progress) this.room.say([{ type: "progress", payload: { value } }]);
    return true;
  }

  draw(isCurrent: boolean): void {
    this.element.classList.toggle("current", isCurrent);
    this.buttons.forEach((one, value) => {
      const held = this.room.draft.progress;
      set(one, "aria-checked", String(held === value));
      set(one, "tabindex", value === (held ?? 0) ? 0 : -1);
    });
  }
}

export class Drawer {
  readonly element = el("section", { class: "drawer", "aria-label": "About the first error" });
  items: Item[] = [];
  private step: number | null = null;
  private shown = "";
  private more: Option[] | null = null;
  private note: string | null = null;
  private canAsk = false;
  private readonly asked = new Set<number>();
  private redraw: (() => void)[] = [];

  constructor(private readonly room: Room) {}

  /** Brings it up to date; gone where no step is wrong. */
  draw(): void {
    const { assignment, draft } = this.room;
    const step = firstError(draft, assignment.steps.length);
    if (step !== this.step) {
      this.more = this.note = null;
      this.canAsk = false;
    }
    this.step = step;
    if (step !== null) this.fetch(step);
    const key = `${step} ${this.more?.length} ${this.note}`;
    if (key !== this.shown) this.build(step);
    this.shown = key;
    for (const one of this.redraw) one();
  }

  /** Alternatives that did not come with the work are asked for once. */
  private fetch(step: number): void {
    const { me, assignment } = this.room;
    if (!me.project.ask_alternatives || optionsAt(assignment, step).length || this.asked.has(step)) return;
    this.asked.add(step);
    this.note = "Looking for alternatives …";
    this.room.alternatives(step).then(
      (found) => this.arrived(step, found, found.length ? null : "There are no alternatives to rate."),
      (error: Error) => {
        // Nobody writes them in this project: that is no trouble of the rater's.
        const isNobody = error instanceof Refused && error.type === "no_generator";
        this.canAsk = !isNobody;
        this.arrived(step, null, isNobody ? "There are no alternatives to rate." : `No alternatives: ${error.message}.`);
      },
    );
  }

  private askAgain(step: number): void {
    this.asked.delete(step);
    this.canAsk = false;
    this.room.draw();
  }

  private arrived(step: number, found: Option[] | null, note: string | null): void {
    if (step !== this.step) {
      this.asked.delete(step);
      return;
    }
    this.more = found;
    this.note = note;
    this.room.draw();
  }

  private build(step: number | null): void {
    const { project } = this.room.me;
    this.items = [];
    this.redraw = [];
    const sections = step === null ? [] : [
      project.ask_progress && this.progress(),
      project.ask_critique && this.critiques(step),
      project.ask_alternatives && this.alternatives(step),
    ];
    this.element.replaceChildren(...sections.filter((section) => section instanceof HTMLElement));
    set(this.element, "hidden", this.element.childElementCount === 0);
  }

  private progress(): HTMLElement {
    const scale = new Scale(this.room);
    this.items.push(scale);
    return scale.element;
  }

  private critiques(step: number): HTMLElement {
    const cards = optionsAt(this.room.assignment, step, true).map(
      (option, i) => new Card(this.room, step, option, `Critique ${i + 1}`, true, () => true),
    );
    this.items.push(...cards);
    const box = el("textarea", {
      rows: 2,
      maxlength: 20000,
      "aria-label": "Your own critique",
      placeholder: "What is wrong with the step, if no critique says it well",
      onchange: () => {
        const text = box.value.trim() || null;
        if (text !== this.room.draft.critiqueText) this.room.say([{ type: "critique_text", payload: { text } }]);
      },
    });
    this.redraw.push(() => {
      if (document.activeElement !== box) box.value = this.room.draft.critiqueText ?? "";
    });
    return el("div", {}, el("h3", {}, "Critiques: does it say what is wrong?"), el("ol", { class: "cards" }, ...cards.map((card) => card.element)), box);
  }

  private alternatives(step: number): HTMLElement {
    const options = this.more ?? optionsAt(this.room.assignment, step);
    const cards = options.map((option, i) => new Card(this.room, step, option, `Alternative ${i + 1}`, false, () => true));
    this.items.push(...cards);
    return el(
      "div",
      {},
      el("h3", {}, `Alternatives to step ${step + 1}`),
      el("ol", { class: "cards" }, this.original(step), ...cards.map((card) => card.element)),
      this.note && el("p", { class: "quiet", role: "status" }, this.note),
      this.canAsk && button("Ask again", "", () => this.askAgain(step), "small"),
    );
  }

  /** Card 0 is the wrong step itself; it is changed above, where it was rated. */
  private original(step: number): HTMLElement {
    const control = new RatingControl("The step as it was", () => "", () => undefined);
    control.draw(-1 as Rating, false);
    const text = el("div", { class: "text" });
    show(text, this.room.assignment.steps[step] ?? "");
    return el("li", { class: "card locked" }, control.element, text);
  }
}
