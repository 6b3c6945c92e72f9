// Shows a text that a model wrote: words as text nodes, formulas by KaTeX.
//
// No string is ever read as HTML.

import katex from "katex";
import { el, set } from "./dom.ts";
import { split } from "./split.ts";

/** Characters that cannot be seen and may turn the order of what can. */
const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/;

/** Commands of LaTeX that KaTeX lacks under this name. Made anew for each formula, as \gdef would change it. */
const macros = (): Record<string, string> => ({ "\\mbox": "\\text{#1}", "\\overarc": "\\overgroup{#1}" });

const LIMITS = { maxExpand: 1000, maxSize: 20, strict: false, trust: false, throwOnError: true } as const;

/** Why KaTeX cannot show a formula; null if it can. */
export function objection(tex: string, display: boolean): string | null {
  try {
    if (UNSEEN.test(tex)) throw new Error("holds a character that cannot be seen");
    katex.renderToString(tex, { ...LIMITS, macros: macros(), displayMode: display });
    return null;
  } catch (error) {
    return reason(error);
  }
}

/**
 * Replaces what an element holds by a text, formulas rendered.
 *
 * A formula that cannot be rendered stays as it was written, with the reason.
 * An empty text says so.
 */
export function show(into: Element, text: string): void {
  into.replaceChildren();
  if (!text.trim()) into.append(el("em", { class: "empty" }, "(empty)"));
  for (const piece of split(text)) {
    if (piece.kind === "text") into.append(...words(piece.text));
    else if (piece.kind === "math") into.append(formula(piece.tex, piece.display, piece.source));
    else {
      const hint = "drawn in a language that is not shown here; is the figure needed?";
      into.append(unrendered(piece.source, hint, "figure"));
    }
  }
}

/** Replaces what an element holds by a text as it was written. */
export function showRaw(into: Element, text: string): void {
  into.replaceChildren(el("code", { class: "raw" }, ...words(text)));
}

/** A formula that is wider than its place is scrolled; so the keyboard must reach it. */
function watchWidth(holder: Element): void {
  widths ??= new ResizeObserver((seen) => {
    for (const { target } of seen) set(target, "tabindex", target.scrollWidth > target.clientWidth + 1 ? 0 : null);
  });
  widths.observe(holder);
}
let widths: ResizeObserver | undefined;

function formula(tex: string, display: boolean, source: string): HTMLElement {
  const holder = el("span", { class: display ? "formula display" : "formula" });
  try {
    if (UNSEEN.test(tex)) throw new Error("holds a character that cannot be seen");
    katex.render(tex, holder, { ...LIMITS, macros: macros(), displayMode: display });
    watchWidth(holder);
    return holder;
  } catch (error) {
    return unrendered(source, reason(error), "");
  }
}

function unrendered(source: string, why: string, kind: string): HTMLElement {
  // The reason is drawn by the style sheet, so that the text stays what the model wrote.
  return el("code", { class: `unrendered ${kind}`.trim(), title: why, "data-why": why }, ...words(source));
}

function reason(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/^KaTeX parse error: /, "").replace(/\s+/g, " ").slice(0, 120);
}

/** Text nodes, and a visible mark around each character that cannot be seen. */
function words(text: string): Node[] {
  if (!UNSEEN.test(text)) return [document.createTextNode(text)];
  return text.split(new RegExp(`(${UNSEEN.source})`)).map((part) => {
    if (!UNSEEN.test(part)) return document.createTextNode(part);
    const name = `U+${part.codePointAt(0)?.toString(16).toUpperCase().padStart(4, "0")}`;
    return el("span", { class: "unseen", "data-name": name, title: `invisible character ${name}` }, part);
  });
}
