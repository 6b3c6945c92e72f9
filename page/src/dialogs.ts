// Questions and texts in front of the page.
//
// The browser's own dialogs: they keep the focus, and Escape closes them.

import { el, fresh } from "./dom.ts";
import { show } from "./math.ts";
import { button } from "./rating.ts";

export interface Opened {
  dialog: HTMLDialogElement;
  closed: Promise<void>;
  /** Closes it at once: the next key is for the page. */
  shut(): void;
}

/**
 * Opens a dialog.
 *
 * @param mayCancel - Whether Escape closes it now.
 */
export function open(title: string, inside: Node[], mayCancel: () => boolean = () => true): Opened {
  const id = fresh("title");
  const dialog = el("dialog", { "aria-labelledby": id }, el("h2", { id }, title), ...inside);
  const before = document.activeElement as HTMLElement | null;
  let done = (): void => undefined;
  const closed = new Promise<void>((resolve) => {
    done = resolve;
  });
  const shut = (): void => {
    dialog.close();
    dialog.remove();
    before?.focus({ preventScroll: true });
    done();
  };
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    if (mayCancel()) shut();
  });
  document.body.append(dialog);
  dialog.showModal();
  return { dialog, closed, shut };
}

/** Whether one is open; the keys are not for the page then. */
export function isOpen(): boolean {
  return document.querySelector("dialog[open]") !== null;
}

export interface Question {
  title: string;
  text: string;
  /** Reasons to choose from; one has to be. */
  choices?: string[];
  /** Whether words are needed, too. */
  needsText: boolean;
  confirm: string;
}

/** Asks for a reason; null if the rater thought better of it. */
export async function askReason(question: Question): Promise<string | null> {
  const { choices = [] } = question;
  const name = fresh("reason");
  const radios = choices.map((choice, i) => el("input", { type: "radio", name, value: choice, id: `${name}-${i}`, checked: i === 0 }));
  const rows = radios.map((radio, i) => el("label", { class: "row", for: radio.id }, radio, " ", choices[i] ?? ""));
  const needed = question.needsText ? "" : " (if you like)";
  const box = el("textarea", { rows: 3, maxlength: 1800, "aria-label": `In your words${needed}`, placeholder: `In your words${needed}` });
  const missing = el("p", { class: "warn", role: "alert" });
  let answer: string | null = null;
  const finish = (): void => {
    const words = box.value.trim();
    if (question.needsText && !words) {
      missing.textContent = "Please say why, in a few words.";
      box.focus();
      return;
    }
    const choice = radios.find((radio) => radio.checked)?.value;
    answer = [choice, words].filter(Boolean).join(": ");
    shut();
  };
  const buttons = el("div", { class: "buttons" }, button("Cancel", "Esc", () => shut()), button(question.confirm, "Ctrl+⏎", finish, "primary"));
  const { dialog, closed, shut } = open(question.title, [el("p", {}, question.text), ...rows, box, missing, buttons]);
  dialog.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || (event.target as HTMLElement).matches("input"))) return;
    event.preventDefault();
    finish();
  });
  (radios[0] ?? box).focus();
  await closed;
  return answer;
}

/** Asks yes or no. */
export async function askWhether(title: string, text: string, yes: string, no: string): Promise<boolean> {
  let answer = false;
  const agree = button(yes, "⏎", () => {
    answer = true;
    shut();
  }, "primary");
  const buttons = el("div", { class: "buttons" }, button(no, "Esc", () => shut()), agree);
  const { closed, shut } = open(title, [el("p", {}, text), buttons]);
  agree.focus();
  await closed;
  return answer;
}

/** The guidelines: paragraphs, lines that begin with # as headings, formulas. */
export function guidelineParts(text: string): HTMLElement[] {
  const blocks = text.split(/\n{2,}|(?<=^#[^\n]*)\n/m).filter((block) => block.trim());
  return blocks.map((block) => {
    const heading = /^#+\s+(.*)$/.exec(block.trim());
    const into = heading ? el("h3") : el("p", { class: "text" });
    show(into, heading?.[1] ?? block);
    return into;
  });
}

/** Shows the guidelines. */
export async function showGuidelines(text: string): Promise<void> {
  const parts = guidelineParts(text);
  const body = parts.length ? parts : [el("p", {}, "This project has no guidelines yet.")];
  const inside = el("div", { class: "guidelines", tabindex: 0 }, ...body);
  const buttons = el("div", { class: "buttons" }, button("Close", "Esc", () => shut(), "primary"));
  const { closed, shut } = open("Guidelines", [inside, buttons]);
  inside.focus();
  await closed;
}
