// Ratings in files.

import { el, set } from "../dom.ts";
import { table } from "./table.ts";
import { field, select, type View } from "./view.ts";

const FORMATS: [string, string, string][] = [
  ["prm800k", "PRM800K", "JSON lines, field for field"],
  ["parquet", "Parquet (zip)", "problems, solutions, labels and sessions as tables, with manifest and card"],
  ["steps", "Steps (Parquet)", "a row for each step, with its rating and how many agree"],
  ["trl", "TRL", "prompt, completions, labels; for training with Hugging Face TRL"],
  ["openrlhf", "OpenRLHF", "text with a label after each step"],
  ["processbench", "ProcessBench", "the first error of each solution, or −1"],
  ["math-shepherd", "Math-Shepherd", "steps that end in a tag, with + and −"],
];

export const exports: View = (around) => {
  if (!around.isAdmin) return Promise.resolve([el("p", {}, "Administrators take ratings out.")]);
  const opinions = select("opinions", [["all", "all opinions"], ["one", "one for each solution"]], "all");
  const neutral = select("neutral", [["positive", "right"], ["negative", "wrong"]], "positive");
  const bundle = el("input", { type: "checkbox", name: "bundle" });
  const links = FORMATS.map(([, name]) => el("a", { download: true }, name));
  const draw = (): void => {
    const chosen = `opinions=${opinions.value}&neutral=${neutral.value}${bundle.checked ? "&bundle=true" : ""}`;
    links.forEach((one, i) => set(one, "href", `/api/v1/admin/export?format=${FORMATS[i]?.[0]}&${chosen}`));
  };
  for (const input of [opinions, neutral, bundle]) input.addEventListener("change", draw);
  draw();
  const isBundled = field("In a zip with manifest and card", bundle);
  isBundled.classList.add("switch");
  return Promise.resolve([
    el(
      "div",
      { class: "line settings" },
      field("Take", opinions, "one: what a lead decided, else what most say"),
      field("A neutral step is", neutral, "in layouts that have only right and wrong"),
      isBundled,
    ),
    table("Take ratings out", [{ head: "Format", tight: true }, { head: "What is in it", wide: true }], FORMATS.map(([, , what], i) => [links[i], what])),
    el("p", { class: "quiet" }, "Raters have made-up names in files. Of work that was reopened the last submission counts. Who took what is in the audit log. ", el("code", {}, "surefoot label export"), " writes the same, with more choices."),
  ]);
};
