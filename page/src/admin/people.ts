// People: invite, pause, and what can be told of each.

import * as dialogs from "../dialogs.ts";
import { el, type Child } from "../dom.ts";
import { button } from "../rating.ts";
import { count, decimal, estimate, moment, percent } from "./numbers.ts";
import { server } from "./server.ts";
import { table, type Column } from "./table.ts";
import type { Person } from "./types.ts";
import { copyable, field, select, type Around, type View } from "./view.ts";

const ROLES: [string, string][] = [["labeler", "labeler"], ["lead", "lead"], ["admin", "administrator"]];
const ALL_GOOD = 20;

const COLUMNS: Column[] = [
  { head: "Name", tight: true },
  { head: "State" },
  { head: "Do" },
  { head: "Solutions", number: true },
  { head: "an hour", number: true, title: "Solutions in an hour at work" },
  { head: "s a step", number: true, title: "Median seconds at work for a step" },
  { head: "fast", number: true, title: "Share of ratings within 300 ms of the step being shown" },
  { head: "−1 / 0 / +1", number: true, title: "Shares of the ratings" },
  { head: "all +1 in a row", number: true, title: "Most solutions in a row without any doubt" },
  { head: "Gold right", number: true, title: "Gold questions, with 95 % interval" },
  { head: "As colleagues", number: true, title: "Same first error as colleagues on the same solutions; by how many steps later" },
  { head: "Week by week", title: "Agreement with colleagues, oldest week first", tight: true },
  { head: "Last seen", tight: true },
];

export const people: View = async (around) => {
  const list = el("div", {});
  const fill = async (): Promise<void> => {
    const found = await server.people();
    list.replaceChildren(table("People", COLUMNS, found.map((one) => row(around, one)), "Nobody was invited yet."));
  };
  await fill();
  return [
    around.isAdmin ? invitation(around, fill) : null,
    list,
    el("p", { class: "quiet" }, "Speed, rates and rows are of the newest 10,000 solutions of all people. Nothing here acts by itself; only gold questions pause a person."),
  ];
};

function row(around: Around, one: Person): Child[] {
  const rates = one.rates ? one.rates.map((rate) => percent(rate).replace(" %", "")).join(" / ") + " %" : "–";
  const later = one.later_by === null ? "" : ` · ${one.later_by > 0 ? "+" : ""}${decimal(one.later_by)} steps`;
  const gold = one.gold ? el("span", {}, `${one.gold.right}/${one.gold.n} `, estimate(one.gold, percent)) : "–";
  return [
    el("span", {}, one.name, one.role === "labeler" ? null : el("span", { class: "quiet" }, ` ${one.role}`)),
    el("span", { class: `state ${one.state}` }, one.state),
    actions(around, one),
    count(one.submissions),
    decimal(one.solutions_per_hour),
    decimal(one.seconds_a_step),
    percent(one.fast_share),
    rates,
    one.longest_all_good >= ALL_GOOD ? el("b", {}, count(one.longest_all_good)) : count(one.longest_all_good),
    gold,
    one.same === null ? "–" : `${percent(one.same)} of ${one.pairs}${later}`,
    one.weeks.length ? one.weeks.map((week) => percent(week.same).replace(" %", "")).join(" ") + " %" : "–",
    moment(one.last_seen),
  ];
}

function actions(around: Around, one: Person): HTMLElement {
  const change = (state: string, done: string): void => {
    void around.act(server.setState(one.labeler_id, state), done).then((ok) => ok && around.again());
  };
  const pause = one.state === "paused" ? "Resume" : "Pause";
  const mayPause = one.state === "paused" || one.state === "active";
  const may = mayPause && (around.isAdmin || one.role === "labeler");
  const name = one.name;
  return el(
    "span",
    { class: "line" },
    may ? el("button", { type: "button", class: "small", "aria-label": `${pause} ${name}`, onclick: () => change(pause === "Pause" ? "paused" : "active", pause === "Pause" ? `${name} is paused.` : `${name} may work again.`) }, pause) : null,
    around.isAdmin ? el("button", { type: "button", class: "small", "aria-label": `More about ${name}`, onclick: () => void more(around, one, change) }, "More…") : null,
  );
}

/** What is done seldom, in a dialog. */
async function more(around: Around, one: Person, change: (state: string, done: string) => void): Promise<void> {
  const role = select("role", ROLES, one.role);
  const shown = el("div", { "aria-live": "polite" });
  const said = el("p", { role: "status" });
  const tell = (text: string): void => {
    said.textContent = text;
  };
  const closing = (press: () => void): (() => void) => () => {
    shut();
    press();
  };
  const makeLink = async (): Promise<void> => {
    try {
      const made = await server.invite(one.name, one.role);
      shown.replaceChildren(el("p", {}, "Shown once; good once, for seven days."), copyable(location.origin + made.path, tell));
    } catch (error) {
      tell((error as Error).message);
    }
  };
  const setRole = (): void => void around.act(server.setRole(one.labeler_id, role.value), `${one.name} is ${role.value} now.`).then((ok) => ok && around.again());
  const signOut = (): void => void around.act(server.revoke(one.labeler_id), `${one.name} is signed out everywhere; older links are not good any more.`);
  const isBlocked = one.state === "blocked";
  const { closed, shut } = dialogs.open(one.name, [
    el("p", { class: "quiet" }, `Exported as ${one.export_id}`),
    el("div", { class: "line" }, field("Role", role), button("Set role", "", closing(setRole))),
    el("div", { class: "line" }, button("New link", "", () => void makeLink()), button("Sign out everywhere", "", closing(signOut)), button(isBlocked ? "Let in again" : "Block", "", closing(() => change(isBlocked ? "active" : "blocked", isBlocked ? `${one.name} may work again.` : `${one.name} is blocked.`)))),
    one.state === "failed" || one.state === "screening" ? el("div", { class: "line" }, button("Let in without the screening", "", closing(() => change("active", `${one.name} may work now.`)))) : null,
    shown,
    said,
    el("div", { class: "buttons" }, button("Close", "Esc", () => shut(), "primary")),
  ].filter((node) => node !== null));
  await closed;
}

function invitation(around: Around, fill: () => Promise<void>): HTMLElement {
  const name = el("input", { type: "text", name: "name", required: true, maxlength: 100, autocomplete: "off" });
  const role = select("role", ROLES, "labeler");
  const made = el("div", { class: "made", "aria-live": "polite" });
  const send = async (event: Event): Promise<void> => {
    event.preventDefault();
    const who = name.value.trim();
    if (!who) return;
    try {
      const { path } = await server.invite(who, role.value);
      made.replaceChildren(el("p", {}, `Give this link to ${who}. It is shown once, and is good once, for seven days.`), copyable(location.origin + path, around.tell));
      name.value = "";
      await fill();
    } catch (error) {
      made.replaceChildren(el("p", { class: "warn" }, (error as Error).message));
    }
  };
  return el(
    "section",
    { class: "part" },
    el("h3", {}, "Invite somebody"),
    el("form", { class: "line", onsubmit: (event: Event) => void send(event) }, field("Name", name), field("Role", role), el("button", { type: "submit", class: "primary" }, "Make a link")),
    made,
  );
}
