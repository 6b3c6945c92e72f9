// Figures for the eye; "–" where there is none.

import { el } from "../dom.ts";
import type { Estimate } from "./types.ts";

const NONE = "–";
const plain = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

export const count = (value: number): string => plain.format(value);

/** A number with so many digits after the point. */
export function decimal(value: number | null, digits = 1): string {
  return value === null ? NONE : value.toFixed(digits).replace("-", "−");
}

export function percent(value: number | null): string {
  return value === null ? NONE : `${(100 * value).toFixed(value > 0 && value < 0.1 ? 1 : 0)} %`;
}

/** Steps are numbered from 1 on screen. */
export function stepName(index: number | null): string {
  return index === null ? "no error" : `step ${index + 1}`;
}

/** Milliseconds in the two largest units. */
export function duration(ms: number | null): string {
  if (ms === null) return NONE;
  const seconds = Math.round(ms / 1000);
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  if (hours >= 48) return `${Math.floor(hours / 24)} days`;
  if (hours) return `${hours} h ${minutes % 60} min`;
  return minutes ? `${minutes} min ${seconds % 60} s` : `${seconds} s`;
}

/** A moment in the reader's own time. */
export function moment(iso: string | null): string {
  if (iso === null) return NONE;
  return new Date(iso).toLocaleString("en-GB", { year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" });
}

/** A figure with its 95 % interval. */
export function estimate(one: Estimate, write: (value: number | null) => string = (value) => decimal(value, 2)): HTMLElement {
  if (one.value === null) return el("span", { class: "quiet" }, "not enough data");
  const ends = one.low === null || one.high === null ? null : el("span", { class: "quiet ends" }, ` ${write(one.low)} to ${write(one.high)}`);
  return el("span", { class: "estimate" }, el("b", {}, write(one.value)), ends);
}
