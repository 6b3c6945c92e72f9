// Solutions on whose first error people differ, the worst first.

import { el } from "../dom.ts";
import { count, stepName } from "./numbers.ts";
import { server } from "./server.ts";
import { pager, table } from "./table.ts";
import type { Disputed } from "./types.ts";
import { link, type View } from "./view.ts";

const LIMIT = 25;
const WHICH = { open: "To be decided", decided: "Decided", all: "All" } as const;

export const disagreements: View = async (around, rest) => {
  const which = rest[0] !== undefined && rest[0] in WHICH ? rest[0] : "open";
  const offset = Math.max(0, Number(rest[1] ?? 0) || 0);
  const found = await server.disagreements(which, offset, LIMIT);
  around.keys.set("n", () => {
    const first = found.rows[0];
    if (first) around.go(`task/${first.task_id}`);
  });
  return [
    el("nav", { class: "kinds", "aria-label": "Which disagreements" }, ...Object.entries(WHICH).map(([key, name]) => el("a", { href: `#disagreements/${key}`, "aria-current": key === which ? "true" : null }, name))),
    table(
      `${count(found.total)} ${found.total === 1 ? "solution" : "solutions"} on whose first error people differ`,
      [{ head: "Task", tight: true }, { head: "Problem", wide: true }, { head: "Opinions", wide: true }, "State"],
      found.rows.map((one) => [link(`task/${one.task_id}`, `Task ${one.task_id}`), el("span", { class: "start" }, one.statement_start), said(one), one.is_decided ? "decided" : one.state]),
      which === "open" ? "No disagreement waits for a decision." : "None.",
    ),
    pager(offset, LIMIT, found.total, (to) => around.go(`disagreements/${which}/${to}`)),
    found.rows.length ? el("p", { class: "quiet" }, "Key ", el("kbd", {}, "n"), ": open the first.") : null,
  ];
};

function said(one: Disputed): string {
  const steps = one.first === one.last ? stepName(one.first) : `${stepName(one.first)} to ${one.last + 1}`;
  const none = one.opinions - one.errors;
  return `${one.errors} of ${one.opinions} see an error (${steps})${none ? `, ${none} see none` : ""}`;
}
