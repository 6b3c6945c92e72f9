// Tables with a caption, that scroll within themselves where they are too wide.

import { el, fresh, type Child } from "../dom.ts";

export interface Column {
  head: string;
  /** Numbers stand at the right. */
  number?: boolean;
  /** Long texts, which need room before they break. */
  wide?: boolean;
  /** Names and times, which do not break. */
  tight?: boolean;
  /** What the head means, where that is not plain. */
  title?: string;
}

/** A table; the first cell of a row names it. */
export function table(caption: string, columns: (string | Column)[], rows: Child[][], empty = "Nothing yet."): HTMLElement {
  const heads = columns.map((column) => (typeof column === "string" ? { head: column } : column));
  if (!rows.length) return el("section", { class: "part" }, el("h3", {}, caption), el("p", { class: "quiet" }, empty));
  const id = fresh("caption");
  const kind = (i: number): string | null => {
    const { number, wide, tight } = heads[i] ?? {};
    return number ? "num" : wide ? "wide" : tight ? "tight" : null;
  };
  const made = el(
    "table",
    {},
    el("caption", { id }, caption),
    el("thead", {}, el("tr", {}, ...heads.map((column, i) => el("th", { scope: "col", class: kind(i), title: column.title }, column.head)))),
    el("tbody", {}, ...rows.map((cells) => el("tr", {}, ...cells.map((cell, i) => (i ? el("td", { class: kind(i) }, cell) : el("th", { scope: "row", class: kind(0) }, cell)))))),
  );
  return el("div", { class: "scroll part", role: "region", tabindex: 0, "aria-labelledby": id }, made);
}

/** Links to the pages of a long list. */
export function pager(offset: number, limit: number, total: number, go: (offset: number) => void): HTMLElement | null {
  if (total <= limit) return null;
  const last = Math.min(total, offset + limit);
  const turn = (label: string, to: number, may: boolean): HTMLElement => el("button", { type: "button", disabled: !may, onclick: () => go(to) }, label);
  return el(
    "nav",
    { class: "pager", "aria-label": "Pages of the list" },
    turn("Previous", Math.max(0, offset - limit), offset > 0),
    el("span", {}, `${offset + 1} to ${last} of ${total}`),
    turn("Next", offset + limit, last < total),
  );
}
