// How far people agree, and with what is known.

import { el } from "../dom.ts";
import { show } from "../math.ts";
import { count, estimate, percent } from "./numbers.ts";
import { server } from "./server.ts";
import { table, type Column } from "./table.ts";
import type { Agreement, Estimate } from "./types.ts";
import { link, type View } from "./view.ts";

const FIGURES: Column[] = [{ head: "Figure", tight: true }, { head: "Value and 95 % interval", tight: true }, { head: "Of", number: true }, { head: "What it is", wide: true }];
const SIGNS = ["−1", "0", "+1"];

type Row = [string, Estimate, string, boolean?];

function figures(caption: string, rows: Row[]): HTMLElement {
  return table(caption, FIGURES, rows.map(([name, one, what, isShare = true]) => [name, estimate(one, isShare ? percent : undefined), count(one.n), what]));
}

export const agreement: View = async () => {
  const found = await server.agreement();
  const { first_errors: first, gold } = found;
  const isPhase1 = found.protocol === "phase1";
  return [
    el("p", {}, `${count(found.solutions)} solutions to ${count(found.problems)} problems have opinions of several of ${count(found.raters)} people. Intervals draw the problems again.`),
    isPhase1 ? el("p", { class: "quiet" }, "In phase 1 nobody looks for a first error, so only ratings of the same text are compared.") : null,
    figures("Raters with each other", [
      ["Same first error", first.exact, "pairs of raters of a solution who name the same step, or both none"],
      ["Within one step", first.near, "the same, or the step before or after it"],
      ["An error or none", first.has_error, "pairs who agree whether there is an error"],
      ["… beyond chance", first.has_error_kappa, "kappa of these pairs: 1 full agreement, 0 as by chance", false],
      ["… beyond chance, Fleiss", first.has_error_fleiss, "the same by solution; differs where more than two people rated it", false],
      ["Ratings of steps", found.ordinal_alpha, "Krippendorff's ordinal alpha, of steps that several people rated; rating ends at an error, so it says less than it seems", false],
    ]),
    figures("Raters with what is known", [
      ["Right", gold.right, "answers to gold and screening questions"],
      ["Within one step", gold.near, "of an acceptable first error"],
      ["An error or none", gold.has_error, `missed ${gold.missed} errors, saw ${gold.false_alarms} that are none`],
    ]),
    table(
      "Two raters at a time",
      ["Raters", { head: "Solutions", number: true }, { head: "Steps", number: true }, { head: "Linear kappa and 95 % interval", tight: true }],
      found.pairs.map((pair) => [pair.raters.join(" – "), count(pair.solutions), count(pair.kappa.n), estimate(pair.kappa)]),
      "No two people rated the same solution.",
    ),
    found.pairs_left_out ? el("p", { class: "quiet" }, `${count(found.pairs_left_out)} further pairs have fewer steps in common.`) : null,
    confusion(found),
    table("Each rater with what is known", ["Rater", "Right, with 95 % interval", { head: "Questions", number: true }], gold.raters.map((one) => [one.rater, estimate(one, percent), count(one.n)])),
    contested(found),
  ];
};

function confusion(found: Agreement): HTMLElement {
  const total = Math.max(1, found.confusion.flat().reduce((a, b) => a + b, 0));
  const columns: Column[] = [{ head: "One says" }, ...SIGNS.map((sign) => ({ head: `other ${sign}`, number: true }))];
  const rows = found.confusion.map((row, i) => [SIGNS[i] ?? "", ...row.map((n) => el("span", {}, count(n), el("span", { class: "quiet" }, ` (${percent(n / total)})`)))]);
  return table("Pairs of ratings of one step, in both orders", columns, found.solutions ? rows : []);
}

function contested(found: Agreement): HTMLElement {
  const rows = found.contested.map((one) => {
    const text = el("span", { class: "text" });
    show(text, one.text);
    return [link(`task/${one.task_id}`, `Task ${one.task_id}, step ${one.step + 1}`), text, ...["-1", "0", "1"].map((sign) => count(one.ratings[sign] ?? 0))];
  });
  return table("Most contested steps", [{ head: "Where", tight: true }, { head: "Step", wide: true }, ...SIGNS.map((head) => ({ head, number: true }))], rows, "Nobody contradicts anybody.");
}
