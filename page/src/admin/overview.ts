// How far the project is.

import { el } from "../dom.ts";
import { bars, progress, type Bar } from "./chart.ts";
import { count, decimal, duration, moment } from "./numbers.ts";
import { server } from "./server.ts";
import { table } from "./table.ts";
import { REPORTS, type Overview } from "./types.ts";
import { link, type View } from "./view.ts";
import { NAMES } from "./flags.ts";

const DAY = 86_400_000;

export const overview: View = async () => {
  const found = await server.overview();
  const { opinions, pace, database } = found;
  const days = calendar(found);
  let sum = Math.max(0, opinions.given - days.reduce((all, one) => all + one.value, 0));
  const grown = days.map(({ label, value }) => ({ label, value: (sum += value) }));
  return [
    el("div", { class: "facts" }, ...facts(found)),
    el(
      "div",
      { class: "two" },
      progress("Opinions over time", grown, opinions.wanted),
      bars("Solutions rated a day", days),
    ),
    table(
      "Tasks",
      ["Kind", "State", { head: "Tasks", number: true }, { head: "Opinions wanted", number: true }, { head: "given", number: true }, { head: "to come", number: true }],
      found.tasks.map((one) => [one.kind, one.state, count(one.tasks), ...(one.kind === "work" ? [count(one.wanted), count(one.given), count(one.remaining)] : ["–", count(one.given), "–"])]),
      "There are no tasks yet.",
    ),
    table(
      "Generations",
      [{ head: "Number", number: true }, "Verifier that chose", "Policy", { head: "Tasks", number: true }, { head: "done", number: true }, { head: "Opinions", number: true }, { head: "Taken in", tight: true }],
      found.generations.map((one) => [String(one.number), one.verifier ?? "–", policy(one.policy), count(one.tasks), count(one.done), count(one.opinions), moment(one.created_at)]),
    ),
    table("Told by raters", ["What", { head: "How often", number: true }], REPORTS.map((kind) => [link(`flags/${kind}`, NAMES[kind]), count(found.reports[kind])])),
    clocks(found),
    el("p", { class: "quiet" }, `Database: ${database.kind} ${database.version}, schema ${database.schema}. Speed is that of the newest ${count(pace.of)} solutions; time at work counts, pauses do not.`),
  ];
};

/** The last days, at least two weeks, also those on which nobody worked. */
function calendar(found: Overview): Bar[] {
  const done = new Map(found.days.map((one) => [one.day, one.solutions]));
  const today = Date.parse(found.now.slice(0, 10));
  const first = Math.min(today - 13 * DAY, Date.parse(found.days[0]?.day ?? found.now));
  return Array.from({ length: Math.round((today - first) / DAY) + 1 }, (_, i) => {
    const label = new Date(first + i * DAY).toISOString().slice(0, 10);
    return { label, value: done.get(label) ?? 0 };
  });
}

function facts(found: Overview): HTMLElement[] {
  const { opinions, pace, end, people } = found;
  const working = Object.entries(people).map(([state, n]) => `${n} ${state}`).join(", ");
  const bar = el("progress", { max: Math.max(1, opinions.wanted), value: Math.min(opinions.given, opinions.wanted), "aria-label": "Opinions given" });
  return [
    fact("Opinions", `${count(opinions.given)} of ${count(opinions.wanted)}`, bar, `${count(opinions.remaining)} to come`),
    fact("Solutions an hour at work", decimal(pace.solutions.median), `median; mean ${decimal(pace.solutions.mean)}`),
    fact("Ratings an hour at work", decimal(pace.ratings.median, 0), `median; mean ${decimal(pace.ratings.mean, 0)}`),
    fact("A solution takes", duration(pace.median_active_ms), "median"),
    fact("To the end", ...ending(end)),
    fact("People", count(Object.values(people).reduce((a, b) => a + b, 0)), working),
  ];
}

function ending(end: Overview["end"]): [string, string] {
  if (end.why_unknown) return ["not known", end.why_unknown];
  const hours = end.hours_of_work === null ? "" : `${duration(end.hours_of_work * 3_600_000)} of work; `;
  if (end.days === 0) return ["done", "no opinion is to come"];
  return [`${decimal(end.days)} days`, `${hours}at the pace of ${end.people} people in the last 7 days`];
}

function fact(name: string, value: string, ...more: (HTMLElement | string)[]): HTMLElement {
  return el("div", { class: "fact" }, el("h3", {}, name), el("p", { class: "value" }, value), ...more.map((one) => (typeof one === "string" ? el("p", { class: "quiet" }, one) : one)));
}

function policy(value: unknown): string {
  const held = Object.entries((value ?? {}) as Record<string, unknown>);
  return held.length ? held.map(([name, one]) => (name === "policy" ? String(one) : `${name} ${String(one)}`)).join(", ") : "–";
}

function clocks(found: Overview): HTMLElement | null {
  if (!found.clocks.length) return null;
  const rows = found.clocks.map((one) => [one.name, `${duration(Math.abs(one.ahead_ms))} ${one.ahead_ms > 0 ? "fast" : "slow, or offline"}`]);
  return table("Clocks that are wrong", ["Whose", "By"], rows);
}
