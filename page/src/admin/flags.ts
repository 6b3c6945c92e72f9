// What raters told the project lead.

import { el } from "../dom.ts";
import { show } from "../math.ts";
import { moment } from "./numbers.ts";
import { server } from "./server.ts";
import { pager, table } from "./table.ts";
import { REPORTS, type ReportKind } from "./types.ts";
import { link, type View } from "./view.ts";

const LIMIT = 50;

export const NAMES: Record<ReportKind, string> = {
  unsure: "Unsure of a step",
  split: "Steps that are not one",
  bad_problem: "Broken problems",
  give_up: "Given up",
  note: "Notes",
};

export const flags: View = async (around, rest) => {
  const kind = REPORTS.find((one) => one === rest[0]) ?? "unsure";
  const offset = Math.max(0, Number(rest[1] ?? 0) || 0);
  const found = await server.reports(kind, offset, LIMIT);
  const rows = found.rows.map((one) => {
    const step = el("span", { class: "text" });
    if (one.step_text !== null) show(step, one.step_text);
    const said = el("span", { class: "text" });
    if (one.text !== null) show(said, kind === "unsure" ? one.text.replace("-", "−") : one.text);
    return [link(`task/${one.task_id}`, `Task ${one.task_id}`), el("span", { class: "start" }, one.statement_start), one.step === null ? "–" : el("span", {}, `${one.step + 1}: `, step), said, one.labeler, moment(one.at)];
  });
  return [
    el("nav", { class: "kinds", "aria-label": "What was told" }, ...REPORTS.map((one) => el("a", { href: `#flags/${one}`, "aria-current": one === kind ? "true" : null }, NAMES[one]))),
    table(`${NAMES[kind]}: ${found.total}`, [{ head: "Where", tight: true }, { head: "Problem", wide: true }, kind === "unsure" || kind === "split" ? { head: "Step", wide: true } : "Step", kind === "unsure" ? "Rated" : { head: "Said", wide: kind !== "split" }, { head: "By", tight: true }, { head: "When", tight: true }], rows, "Nobody told of any."),
    pager(offset, LIMIT, found.total, (to) => around.go(`flags/${kind}/${to}`)),
  ];
};
