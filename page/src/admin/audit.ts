// Who did what to whom.

import { el } from "../dom.ts";
import { count, moment } from "./numbers.ts";
import { server } from "./server.ts";
import { pager, table } from "./table.ts";
import { field, select, type View } from "./view.ts";

const LIMIT = 50;

export const audit: View = async (around, rest) => {
  const action = decodeURIComponent(rest[0] ?? "all");
  const offset = Math.max(0, Number(rest[1] ?? 0) || 0);
  const found = await server.audit(action === "all" ? "" : action, offset, LIMIT);
  const which = select("action", [["all", "all"], ...found.actions.map((one): [string, string] => [one, one])], action);
  which.addEventListener("change", () => around.go(`audit/${encodeURIComponent(which.value)}`));
  return [
    found.first_break === null
      ? el("p", {}, "Each row holds a hash of the one before; the chain is whole.")
      : el("p", { class: "banner", role: "alert" }, `The chain is broken at row ${found.first_break}: somebody changed what was written down.`),
    field("Show", which),
    table(
      `Audit log: ${count(found.total)} rows`,
      [{ head: "Row", number: true }, { head: "When", tight: true }, "Who", "Did", "To", { head: "More", wide: true }, { head: "Hash", tight: true }],
      found.rows.map((row) => [String(row.id), moment(row.at), row.actor, row.action, row.target, el("code", { class: "raw" }, written(row.detail)), el("code", { title: row.hash }, row.hash.slice(0, 8))]),
    ),
    pager(offset, LIMIT, found.total, (to) => around.go(`audit/${encodeURIComponent(action)}/${to}`)),
  ];
};

/** What is held under a row; of settings only what was changed. */
function written(detail: unknown): string {
  const { before, after } = (detail ?? {}) as { before?: unknown; after?: unknown };
  if (!isObject(before) || !isObject(after)) return JSON.stringify(detail);
  const changed = Object.keys({ ...before, ...after }).filter((name) => before[name] !== after[name]);
  return changed.map((name) => `${name}: ${JSON.stringify(before[name])} → ${JSON.stringify(after[name])}`).join(", ");
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
