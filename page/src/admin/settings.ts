// What the project asks of its raters; a change holds from their next request on.

import { el } from "../dom.ts";
import { server } from "./server.ts";
import type { Settings } from "./types.ts";
import { field, type View } from "./view.ts";

const MEANING: Record<string, [string, string]> = {
  show_answer: ["Show the reference answer", ""],
  ask_alternatives: ["Ask for ratings of other texts for the wrong step", "phase 2"],
  ask_progress: ["Ask how far the solution got", "phase 2"],
  ask_critique: ["Ask for critiques of the first error", "phase 2"],
  show_rate: ["Show raters how many they rate in an hour", ""],
  per_problem_a_day: ["Solutions of one problem for a rater in 24 hours", "0: any number"],
  lease_minutes: ["Minutes that work is held for a rater of whom nothing is heard", "1 to 1440"],
  pass_mark: ["Right answers that pass the screening", "the tab Quality shows who would pass"],
  gold_every: ["One solution in so many is a gold question", "0: none"],
  pause_below: ["Share of gold questions that a rater should get right", "0 to 1"],
  pause_certainty: ["How sure it must be that a rater does not, before a pause", "above 0, up to 1; 1: nobody is paused by the program"],
  is_adaptive: ["Ask a third person where two differ, and a lead where three do", ""],
};

export const settings: View = async (around) => {
  const found = await server.settings();
  const inputs = Object.entries(found.settings).map(([name, value]): [string, boolean | number, HTMLInputElement] => {
    const isSwitch = typeof value === "boolean";
    const input = isSwitch
      ? el("input", { type: "checkbox", name, checked: value, disabled: !around.isAdmin })
      : el("input", { type: "number", name, value, step: name.startsWith("pause") ? "any" : 1, min: 0, required: true, disabled: !around.isAdmin });
    return [name, value, input];
  });
  const save = async (event: Event): Promise<void> => {
    event.preventDefault();
    const changes: Settings = {};
    for (const [name, value, input] of inputs) {
      const now = typeof value === "boolean" ? input.checked : Number(input.value);
      if (now !== value) changes[name] = now;
    }
    if (!Object.keys(changes).length) around.tell("Nothing is changed.");
    else if (await around.act(server.change(changes), "Changed, and noted in the audit log.")) around.again();
  };
  const rows = inputs.map(([name, value, input]) => {
    const [label, hint] = MEANING[name] ?? [name, ""];
    const row = field(label, input, hint);
    if (typeof value === "boolean") row.classList.add("switch");
    return row;
  });
  return [
    el("form", { class: "part settings", onsubmit: (event: Event) => void save(event) }, el("h3", {}, found.name), ...rows, around.isAdmin ? el("button", { type: "submit", class: "primary" }, "Save") : el("p", { class: "quiet" }, "Administrators change these.")),
  ];
};
