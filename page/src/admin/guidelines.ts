// Versions of the guidelines; raters see the newest.

import { guidelineParts } from "../dialogs.ts";
import { el } from "../dom.ts";
import { count, moment } from "./numbers.ts";
import { server } from "./server.ts";
import type { Around, View } from "./view.ts";

export const guidelines: View = async (around) => {
  const versions = await server.guidelines();
  return [
    around.isAdmin ? form(around, versions[0]?.text ?? "") : null,
    ...versions.map((one, i) => {
      const text = el("div", { class: "formatted" }, ...guidelineParts(one.text));
      return el("details", { class: "part", open: i === 0 }, el("summary", {}, `Version ${one.version}, ${moment(one.created_at)}; ${count(one.assignments)} solutions opened with it`), text);
    }),
    versions.length ? null : el("p", { class: "quiet" }, "There are no guidelines yet."),
  ];
};

function form(around: Around, text: string): HTMLElement {
  const box = el("textarea", { rows: 12, maxlength: 200_000, "aria-label": "Text of the new version" });
  box.value = text;
  const preview = el("div", { class: "formatted preview", "aria-label": "Preview", role: "region", tabindex: 0 });
  const draw = (): void => preview.replaceChildren(...guidelineParts(box.value));
  box.addEventListener("input", draw);
  draw();
  const put = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (box.value.trim() && (await around.act(server.addGuideline(box.value), "The new version is in force; raters are told."))) around.again();
  };
  return el(
    "form",
    { class: "part", onsubmit: (event: Event) => void put(event) },
    el("h3", {}, "New version"),
    el("p", { class: "quiet" }, "Lines that begin with # are headings, $…$ are formulas. What was rated keeps the version it was opened with."),
    box,
    preview,
    el("button", { type: "submit", class: "primary" }, "Put in force"),
  );
}
