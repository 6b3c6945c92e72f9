// One solution with all opinions side by side, and the decision which holds.

import { drawing, el, type Child } from "../dom.ts";
import { show } from "../math.ts";
import { button, KINDS } from "../rating.ts";
import { duration, moment, stepName } from "./numbers.ts";
import { server } from "./server.ts";
import type { Held, Opinion, Rating, Task } from "./types.ts";
import { link, type Around, type View } from "./view.ts";

const ENDS = { found_error: "found an error", solution: "no error", bad_problem: "problem is broken", give_up: "gave up" } as const;

export const task: View = async (around, rest) => {
  const id = Number(rest[0]);
  const found = await server.task(id);
  around.keys.set("n", () => void next(around, id, 1));
  around.keys.set("p", () => void next(around, id, -1));
  return [
    el("p", {}, link("disagreements", "All disagreements"), ` · task ${id}, ${found.kind}, ${found.state}${found.generation === null ? "" : `, generation ${found.generation}`}`),
    problem(found),
    sideBySide(found),
    found.kind === "work" ? decision(around, found) : known(around, found),
    ...found.opinions.map((one, i) => words(one, i)),
  ];
};

/** Goes to the next or the previous of those that wait for a decision; `said` is what was done before. */
async function next(around: Around, id: number, by: number, said = ""): Promise<void> {
  const { rows } = await server.disagreements("open", 0, 200);
  const at = rows.findIndex((row) => row.task_id === id);
  const other = at < 0 ? rows[0] : rows[at + by];
  if (other) around.go(`task/${other.task_id}`, said);
  else around.tell(`${said} ${rows.length ? "There is none further." : "No disagreement waits for a decision."}`.trim());
}

function problem(found: Task): HTMLElement {
  const statement = el("div", { class: "text" });
  show(statement, found.problem.statement);
  const answers = el("p", {}, "Reference answer: ", shown(found.problem.answer), " · solution's answer: ", shown(found.final_answer ?? "none"));
  return el("section", { class: "part" }, el("h3", {}, "Problem"), statement, answers);
}

function shown(text: string): HTMLElement {
  const into = el("span", { class: "text" });
  show(into, text);
  return into;
}

function sideBySide(found: Task): HTMLElement {
  const n = Math.max(found.steps.length, ...found.opinions.map((one) => one.ratings.length));
  const heads = found.opinions.map((one, i) =>
    el("th", { scope: "col", class: isHeld(one, found) ? "holds" : null }, el("span", { class: "num" }, `${i + 1}`), " ", one.labeler),
  );
  const rows = Array.from({ length: n }, (_, step) =>
    el(
      "tr",
      { class: found.opinions.some((one) => one.first_error === step) ? "error" : null },
      el("th", { scope: "row", class: "num" }, String(step + 1)),
      el("td", { class: "step-text" }, shown(found.steps[step] ?? "")),
      ...found.opinions.map((one) => el("td", {}, mark(one.ratings[step] ?? null), one.unsure.includes(step) ? el("span", { title: "unsure" }, " ?") : null)),
    ),
  );
  const caption = "Steps and opinions";
  const table = el("table", { class: "compare" }, el("caption", {}, caption), el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "No."), el("th", { scope: "col" }, "Step"), ...heads)), el("tbody", {}, ...rows));
  return el("div", { class: "scroll part", role: "region", tabindex: 0, "aria-label": caption }, table);
}

/** A rating as a shape with its sign. */
function mark(rating: Rating | null): HTMLElement {
  const kind = rating === null ? undefined : KINDS[rating + 1];
  if (!kind) return el("span", { class: "quiet" }, "–");
  return el("span", { class: `mark ${kind.action}` }, drawing(kind.path), ` ${kind.value}`);
}

/** Whether it was decided so. */
function isHeld(one: Held, found: Task): boolean {
  return one.assignment_id === found.decision?.assignment_id && one.imported_id === found.decision.imported_id;
}

function decision(around: Around, found: Task): HTMLElement {
  const none: Held = { assignment_id: null, imported_id: null };
  const options: { held: Held; key: string; text: string }[] = [
    ...found.opinions.map((one, i) => ({ held: { assignment_id: one.assignment_id, imported_id: one.imported_id }, key: `${i + 1}`, text: `${one.labeler}: ${outcome(one)}` })),
    { held: none, key: "0", text: "None: the problem is bad, withdraw it" },
  ];
  const radios = options.map(({ held, key }) => el("input", { type: "radio", name: "holds", value: key, id: `holds-${key}`, checked: isHeld(held, found) }));
  const note = el("textarea", { rows: 2, maxlength: 2000, "aria-label": "Why (if you like)", placeholder: "Why (if you like)" });
  const missing = el("p", { class: "warn", role: "alert" });
  const decide = async (): Promise<void> => {
    const chosen = options[radios.findIndex((radio) => radio.checked)];
    if (!chosen) {
      missing.textContent = "Choose the opinion that holds.";
      radios[0]?.focus();
      return;
    }
    const done = `Task ${found.task_id} is decided.`;
    if (!(await around.act(server.decide(found.task_id, chosen.held, note.value.trim() || null), done))) return;
    await next(around, found.task_id, 1, done);
    around.again();
  };
  radios.forEach((radio, i) =>
    around.keys.set(options[i]?.key ?? "", () => {
      radio.checked = true;
      radio.focus();
    }),
  );
  around.keys.set("Enter", () => void decide());
  return el(
    "section",
    { class: "part" },
    el("h3", {}, "Which opinion holds?"),
    found.decision ? el("p", {}, `Decided by ${found.decision.by}, ${moment(found.decision.at)}${found.decision.note ? `: ${found.decision.note}` : ""}`) : null,
    el("fieldset", {}, el("legend", { class: "hidden" }, "The opinion that holds"), ...options.map(({ key, text }, i) => el("label", { class: "choice" }, radios[i], " ", el("kbd", { "aria-hidden": "true" }, key), ` ${text}`))),
    note,
    missing,
    el("div", { class: "line" }, button("Decide", "⏎", () => void decide(), "primary"), button("Next", "n", () => void next(around, found.task_id, 1)), button("Previous", "p", () => void next(around, found.task_id, -1))),
  );
}

/** What is right, and whether the question is asked. */
function known(around: Around, found: Task): HTMLElement {
  const acceptable = (found.gold?.first_errors ?? []).map(stepName).join(", ");
  const isAsked = found.state !== "withdrawn";
  const change = (): void => {
    const done = `The question is ${isAsked ? "withdrawn; answers to it count nowhere" : "asked again"}.`;
    void around.act(server.ask(found.task_id, isAsked ? "withdrawn" : "open"), done).then((ok) => ok && around.again());
  };
  return el(
    "section",
    { class: "part" },
    el("h3", {}, "What is right"),
    el("p", {}, acceptable || "nothing is known"),
    isAsked ? null : el("p", {}, "It is withdrawn: given to nobody, and the answers below count nowhere."),
    el("div", { class: "line" }, button(isAsked ? "Withdraw the question" : "Ask it again", "", change)),
  );
}

function outcome(one: Opinion): string {
  if (one.finish_reason === "found_error") return `first error at ${stepName(one.first_error)}`;
  if (one.finish_reason) return ENDS[one.finish_reason];
  return stepName(one.first_error);
}

/** What an opinion says beyond ratings. */
function words(one: Opinion, i: number): HTMLElement {
  const line = (name: string, value: string | null | undefined): Child => (value ? el("p", {}, el("b", {}, `${name}: `), shown(value)) : null);
  const other = (rows: { text: string; rating: Rating | null; step?: number }[], name: string): Child =>
    rows.length ? el("div", {}, el("b", {}, name), el("ul", {}, ...rows.map((row) => el("li", {}, mark(row.rating), " ", row.step === undefined ? "" : `instead of step ${row.step + 1}: `, shown(row.text))))) : null;
  const reports = Object.entries(one.reports ?? {}).map(([step, kind]) => `step ${Number(step) + 1}: ${kind}`);
  return el(
    "section",
    { class: "part opinion" },
    el("h3", {}, `${i + 1} · ${one.labeler}: ${outcome(one)}`),
    el("p", { class: "quiet" }, [moment(one.at), duration(one.active_ms), one.revision > 1 ? `revision ${one.revision}` : "", one.is_late ? "came late" : ""].filter(Boolean).join(" · ")),
    line("Reason", one.reason),
    line("Note", one.note),
    line("Progress", one.progress === null ? null : `${one.progress} of 4`),
    line("Critique", one.critique),
    line("Reported", reports.join(", ")),
    other(one.critiques ?? [], "Critiques"),
    other(one.alternatives, "Other texts"),
    other(one.human_steps.map((step) => ({ ...step, rating: null })), "Written steps"),
  );
}
