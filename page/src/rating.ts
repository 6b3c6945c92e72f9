// The control that rates: three shapes with a sign and a key each.
//
// So nobody has to tell colours apart. To a screen reader it is a group of radio
// buttons.

import { drawing, el, say, set } from "./dom.ts";
import type { Rating } from "./types.ts";

export const KINDS = [
  // A square with a cross, a circle with a dash, a diamond with a plus.
  { rating: -1, action: "bad", name: "Bad", value: "−1", path: "M4 4H20V20H4Z M8.5 8.5L15.5 15.5M15.5 8.5L8.5 15.5" },
  { rating: 0, action: "okay", name: "Okay", value: "0", path: "M12 3A9 9 0 1 1 11.99 3Z M8 12H16" },
  { rating: 1, action: "great", name: "Great", value: "+1", path: "M12 1.5L22.5 12L12 22.5L1.5 12Z M7.5 12H16.5M12 7.5V16.5" },
] as const;

export const RATING_ACTIONS = { bad: -1, okay: 0, great: 1 } as const;

/** A rating for the eye: −1, 0, +1. */
export function written(rating: Rating): string {
  return KINDS[rating + 1]?.value ?? "";
}

const shapes = new Map<string, HTMLElement>();

/** The control to be copied: made once for each set of keys, as there are hundreds of copies. */
function shape(keyFor: (action: "bad" | "okay" | "great") => string): HTMLElement {
  const keys = KINDS.map(({ action }) => keyFor(action));
  const known = shapes.get(keys.join(" "));
  if (known) return known;
  const radios = KINDS.map(({ action, name, value, path }, i) => {
    const hint = keys[i] ? ` · key ${keys[i]}` : "";
    const attributes = { class: `radio ${action}`, role: "radio", "aria-label": `${name} (${value})`, title: `${name} (${value})${hint}` };
    return el("span", attributes, drawing(path), el("kbd", { "aria-hidden": "true" }, keys[i]));
  });
  const made = el("div", { class: "rating", role: "radiogroup" }, ...radios);
  shapes.set(keys.join(" "), made);
  return made;
}

export class RatingControl {
  readonly element: HTMLElement;
  private readonly radios: HTMLElement[];
  private rating: Rating | null = null;
  private isOpen = true;

  /**
   * @param label - What is rated, for screen readers: "Step 3".
   * @param keyFor - The key shown on a shape.
   * @param rate - Called when one is pressed.
   */
  constructor(label: string, keyFor: (action: "bad" | "okay" | "great") => string, rate: (rating: Rating) => void) {
    this.element = shape(keyFor).cloneNode(true) as HTMLElement;
    set(this.element, "aria-label", label);
    this.radios = [...this.element.children] as HTMLElement[];
    this.element.addEventListener("click", (event) => {
      const at = this.radios.findIndex((radio) => radio.contains(event.target as Node));
      const kind = KINDS[at];
      if (kind && this.isOpen) rate(kind.rating);
    });
    this.element.addEventListener("keydown", (event) => this.pressed(event));
    this.draw(null, true);
  }

  /** Shows a rating; a closed control cannot be changed. */
  draw(rating: Rating | null, isOpen: boolean): void {
    this.rating = rating;
    this.isOpen = isOpen;
    set(this.element, "aria-disabled", isOpen ? null : "true");
    this.radios.forEach((radio, i) => {
      const checked = rating !== null && rating + 1 === i;
      set(radio, "aria-checked", String(checked));
      set(radio, "aria-disabled", isOpen ? null : "true");
      set(radio, "tabindex", isOpen && (checked || (rating === null && i === 0)) ? 0 : -1);
    });
  }

  /** Arrows move between the shapes, space and Enter press one: moving alone must not rate. */
  private pressed(event: KeyboardEvent): void {
    const at = this.radios.indexOf(event.target as HTMLElement);
    if (at < 0 || event.ctrlKey || event.altKey || event.metaKey) return;
    const by = { ArrowRight: 1, ArrowLeft: 2 }[event.key];
    if (by !== undefined) this.radios[(at + by) % 3]?.focus();
    else if (event.key === " " || (event.key === "Enter" && this.rating !== at - 1)) this.radios[at]?.click();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}

/** A button with the key that does the same. */
export function button(label: string, key: string, press: () => void, kind = ""): HTMLButtonElement {
  const made = el("button", { type: "button", class: kind, onclick: press }, label);
  if (key) made.append(" ", el("kbd", { "aria-hidden": "true" }, key));
  return made;
}

/** A button that is either on or off. */
export function toggle(label: string, title: string, press: () => void): HTMLButtonElement {
  return el("button", { type: "button", class: "small", "aria-pressed": "false", title, onclick: press }, label);
}

export { say, set };
