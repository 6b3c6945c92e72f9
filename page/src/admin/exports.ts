// Ratings in files.

import { el } from "../dom.ts";
import { table } from "./table.ts";
import type { View } from "./view.ts";

const FORMATS: [string, string, string][] = [
  ["prm800k", "PRM800K", "JSON lines, field for field; everything that was submitted"],
  ["parquet", "Parquet (zip)", "solutions with all their ratings, and single steps, as tables"],
  ["trl", "TRL", "prompt, completions, labels; for training with Hugging Face TRL"],
  ["openrlhf", "OpenRLHF", "text with a label after each step"],
  ["processbench", "ProcessBench", "the first error of each solution, or −1"],
  ["math-shepherd", "Math-Shepherd", "steps that end in a tag, with + and −"],
];

export const exports: View = (around) => {
  if (!around.isAdmin) return Promise.resolve([el("p", {}, "Administrators take ratings out.")]);
  const rows = FORMATS.map(([format, name, what]) => [el("a", { href: `/api/v1/admin/export?format=${format}`, download: true }, name), what]);
  return Promise.resolve([
    table("Take ratings out", [{ head: "Format", tight: true }, { head: "What is in it", wide: true }], rows),
    el("p", { class: "quiet" }, "Raters have made-up names in files. Of work that was reopened the last submission counts. ", el("code", {}, "surefoot label export"), " writes the same, with more choices."),
  ]);
};
