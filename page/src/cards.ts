// A text to rate beside others: an alternative, a critique, an option of phase 1.

import { el, set } from "./dom.ts";
import type { Item } from "./items.ts";
import { show, showRaw } from "./math.ts";
import { RatingControl, toggle } from "./rating.ts";
import type { Room } from "./room.ts";
import { keyOf } from "./state.ts";
import type { Option, Rating } from "./types.ts";

export class Card implements Item {
  readonly element: HTMLElement;
  private readonly control: RatingControl;
  private readonly unsure: HTMLButtonElement | null;
  private readonly text: HTMLElement;
  private isRaw = false;

  /**
   * @param label - For screen readers: "Alternative 2".
   * @param isCritique - A critique is rated as such; it cannot be flagged.
   * @param open - Whether it may be rated now.
   */
  constructor(
    private readonly room: Room,
    private readonly step: number,
    readonly option: Option,
    label: string,
    private readonly isCritique: boolean,
    private readonly open: () => boolean,
  ) {
    this.control = new RatingControl(label, (action) => room.keyFor(action), (rating) => this.rate(rating, false));
    this.text = el("div", { class: "text" });
    show(this.text, option.text);
    const key = room.keyFor("flag");
    this.unsure = isCritique ? null : toggle("?", `Unsure: flag for the project lead · key ${key}`, () => this.flag());
    set(this.unsure ?? this.text, "aria-label", this.unsure ? `Unsure about ${label}` : null);
    this.element = el("li", { class: "card", tabindex: -1 }, this.control.element, this.text, this.unsure);
  }

  isOpen(): boolean {
    return this.open();
  }

  rating(): Rating | null {
    const { draft } = this.room;
    const { candidate } = this.option;
    return (this.isCritique ? draft.critiques.get(candidate) : draft.ratings.get(keyOf(this.step, candidate))) ?? null;
  }

  rate(rating: Rating | null, isFast: boolean): boolean {
    if (!this.isOpen()) return false;
    const { candidate } = this.option;
    if (rating === this.rating()) return true;
    if (this.isCritique) this.room.say([{ type: "critique", payload: { candidate, rating } }]);
    else {
      const fast = isFast ? { fast: true as const } : {};
      this.room.say([{ type: "rate", payload: { step: this.step, candidate, rating, ...fast } }]);
    }
    return true;
  }

  flag(): void {
    if (this.isCritique || !this.isOpen()) return;
    const { candidate } = this.option;
    const flagged = !this.room.draft.flags.has(keyOf(this.step, candidate));
    this.room.say([{ type: "flag", payload: { step: this.step, candidate, flagged } }]);
  }

  raw(): void {
    this.isRaw = !this.isRaw;
    (this.isRaw ? showRaw : show)(this.text, this.option.text);
  }

  draw(isCurrent: boolean): void {
    this.control.draw(this.rating(), this.isOpen());
    this.element.classList.toggle("current", isCurrent);
    if (this.unsure) set(this.unsure, "aria-pressed", String(this.room.draft.flags.has(keyOf(this.step, this.option.candidate))));
  }
}
