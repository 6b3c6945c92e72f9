// What the views of the administration share.

import { el, type Child } from "../dom.ts";
import { button } from "../rating.ts";
import type { Me } from "./types.ts";

/** The page around a view. A view that the lead has left can `tell` and `act`, but not `go` or draw `again`. */
export interface Around {
  readonly me: Me;
  readonly isAdmin: boolean;
  /** Says something that was done, for eyes and screen readers. */
  tell(text: string): void;
  /** Reads the view anew from the server. */
  again(): void;
  /** Goes to another place, as in `disagreements/decided`, where `said` is told. */
  go(place: string, said?: string): void;
  /** Does something on the server; says why if it refuses. True if it was done. */
  act(what: Promise<unknown>, done: string): Promise<boolean>;
  /** Keys of the view that is shown: key -> what to do. */
  keys: Map<string, () => void>;
}

/** Makes what stands under the heading; `rest` is what follows the view's name in the address. */
export type View = (around: Around, rest: string[]) => Promise<Child[]>;

/** A link to another place of the administration. */
export function link(place: string, ...inside: Child[]): HTMLElement {
  return el("a", { href: `#${place}` }, ...inside);
}

/** A labelled field of a form. */
export function field(label: string, input: HTMLElement, hint?: string): HTMLElement {
  return el("label", { class: "field" }, el("span", {}, label), input, hint ? el("small", { class: "quiet" }, hint) : null);
}

export function select(name: string, options: [string, string][], chosen: string): HTMLSelectElement {
  return el("select", { name }, ...options.map(([value, text]) => el("option", { value, selected: value === chosen }, text)));
}

/** A text that can be copied, e.g. a link that is shown once. */
export function copyable(text: string, tell: (text: string) => void): HTMLElement {
  const box = el("input", { type: "text", readonly: true, value: text, "aria-label": "Link", class: "copied", onfocus: () => box.select() });
  const copy = button("Copy", "", () => {
    box.select();
    // Browsers have the clipboard over secure connections and on this computer only.
    const copied = navigator.clipboard?.writeText(text) ?? Promise.reject(new Error("no clipboard"));
    copied.then(
      () => tell("Copied."),
      () => tell("Press Ctrl+C to copy the link."),
    );
  }, "primary");
  return el("div", { class: "line" }, box, copy);
}
