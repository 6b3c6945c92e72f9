// What can be rated, one after another: steps, critiques, alternatives.
//
// The cursor is on one of them; the keys are about that one.

import { set } from "./dom.ts";
import type { Action } from "./keys.ts";
import { RATING_ACTIONS } from "./rating.ts";
import type { Rating } from "./types.ts";

/** A rating given sooner after the item came up than this is noted as fast. */
const FAST_MS = 300;

export interface Item {
  readonly element: HTMLElement;
  isOpen(): boolean;
  rating(): Rating | null;
  /** True if it was done at once, and not asked about or refused. */
  rate(rating: Rating | null, isFast: boolean): boolean;
  flag?(): void;
  report?(): void;
  raw?(): void;
  /** A digit was pressed; true if that means something here. */
  digit?(value: number): boolean;
  draw(isCurrent: boolean): void;
}

export class Items {
  private list: Item[] = [];
  private at = 0;
  private since = 0;

  get current(): Item | undefined {
    return this.list[this.at];
  }

  get index(): number {
    return this.at;
  }

  /** Takes other items; the cursor stays on the same one if that is still there. */
  set(list: Item[]): void {
    const held = this.current;
    this.list = list;
    const at = held ? list.indexOf(held) : -1;
    this.at = at >= 0 ? at : Math.min(this.at, Math.max(0, list.length - 1));
  }

  draw(): void {
    this.list.forEach((item, i) => {
      item.draw(i === this.at);
      set(item.element, "aria-current", i === this.at ? "step" : null);
    });
  }

  /** Puts the cursor somewhere and shows that place. */
  move(to: number, howFar: "focus" | "cursor" = "focus"): void {
    if (to < 0 || to >= this.list.length || !this.list[to]?.isOpen()) return;
    if (to !== this.at) this.since = performance.now();
    this.at = to;
    this.draw();
    if (howFar === "focus") this.reveal();
  }

  /** Scrolls the item with the cursor to two fifths of the height and gives it the focus. */
  reveal(): void {
    const element = this.current?.element;
    if (!element) return;
    element.focus({ preventScroll: true });
    // Twice: what was out of sight had only a guessed height.
    for (let round = 0; round < 2; round++) {
      const { top, height } = element.getBoundingClientRect();
      const seen = window.innerHeight;
      if (top >= seen * 0.12 && top + Math.min(height, seen * 0.4) <= seen * 0.8) return;
      window.scrollBy({ top: top - seen * 0.4, behavior: "instant" });
    }
  }

  /** The cursor follows the focus, e.g. of the Tab key. */
  follow(target: Node): void {
    const to = this.list.findIndex((item) => item.element.contains(target));
    if (to >= 0 && to !== this.at) this.move(to, "cursor");
  }

  firstUnrated(): number {
    return this.list.findIndex((item) => item.isOpen() && item.rating() === null);
  }

  /** Does what a key asks; false if it is none of ours. */
  act(action: Action): boolean {
    const item = this.current;
    switch (action) {
      case "bad":
      case "okay":
      case "great":
        if (item?.isOpen()) this.rate(RATING_ACTIONS[action]);
        return true;
      case "clear":
        this.clear();
        return true;
      case "next":
        this.step(1);
        return true;
      case "previous":
        this.step(-1);
        return true;
      case "first":
        this.move(0);
        return true;
      case "first_unrated":
        this.move(this.firstUnrated());
        return true;
      case "flag":
        item?.flag?.();
        return true;
      case "report":
        item?.report?.();
        return true;
      case "raw":
        item?.raw?.();
        return item?.raw !== undefined;
      default:
        return false;
    }
  }

  /** A digit, where the item with the cursor wants one; then the next item. */
  digit(value: number): boolean {
    if (!this.current?.digit?.(value)) return false;
    this.step(1);
    return true;
  }

  private rate(rating: Rating): void {
    const at = this.at;
    const done = this.current?.rate(rating, performance.now() - this.since < FAST_MS);
    // The list may be another one now, e.g. after the first error.
    if (done && this.at === at) this.step(1);
  }

  /** Takes back this rating, or where there is none, the one before. */
  private clear(): void {
    if (this.current?.rating() === null) this.step(-1);
    if (this.current?.isOpen()) this.current.rate(null, false);
  }

  private step(by: number): void {
    for (let to = this.at + by; to >= 0 && to < this.list.length; to += by) {
      if (this.list[to]?.isOpen()) return this.move(to);
    }
    this.reveal();
  }
}
