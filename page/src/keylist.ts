// The list of keys, where they can be changed.

import { el, say, set } from "./dom.ts";
import { open } from "./dialogs.ts";
import { ACTION_NAMES, ACTIONS, bindingsOf, collision, complete, DEFAULTS, DIGITS, shown, type Action, type Press } from "./keys.ts";
import { button } from "./rating.ts";
import type { Keymap } from "./types.ts";

/** What matters of a browser's event. */
export function pressOf(event: KeyboardEvent): Press {
  const { key, code, ctrlKey, altKey, metaKey, shiftKey, repeat, isComposing } = event;
  return { key, code, ctrlKey, altKey, metaKey, shiftKey, repeat, isComposing, altGraph: event.getModifierState("AltGraph") };
}

/**
 * Shows the keys.
 *
 * @param own - The rater's own map, or null.
 * @param save - Keeps another map; null for the usual keys. Throws with what is wrong.
 */
export async function showKeys(own: Keymap | null, layout: ReadonlyMap<string, string> | undefined, save: (map: Keymap | null) => Promise<void>): Promise<void> {
  let map: Record<Action, string[]> = structuredClone(complete(own));
  let waiting: Action | null = null;
  const message = el("p", { class: "warn", role: "alert" });
  const list = el("dl", { class: "keys" });
  const digits = el("input", { type: "checkbox", id: "digits", onchange: () => byPosition(digits.checked) });

  function draw(): void {
    list.replaceChildren(
      ...ACTION_NAMES.flatMap((action) => {
        const keys = map[action].map((key) => el("kbd", {}, shown(key, layout)));
        const change = button(waiting === action ? "Press a key …" : "Change", "", () => wait(action), "small");
        set(change, "aria-label", `Change the key: ${ACTIONS[action]}`);
        return [el("dt", {}, ACTIONS[action]), el("dd", {}, ...keys, change)];
      }),
    );
    digits.checked = map.bad.includes(DIGITS.bad ?? "");
    const clash = collision(map);
    say(message, clash ? `${shown(clash.key, layout)} would be both “${named(clash.actions[0])}” and “${named(clash.actions[1])}”. Change one of them.` : "");
    set(keep, "disabled", clash !== null);
  }

  function wait(action: Action): void {
    waiting = action;
    draw();
    list.querySelectorAll("button")[ACTION_NAMES.indexOf(action)]?.focus();
  }

  function byPosition(on: boolean): void {
    for (const [action, key] of Object.entries(DIGITS) as [Action, string][]) {
      map[action] = on ? [...map[action], key] : map[action].filter((held) => held !== key);
    }
    draw();
  }

  function pressed(event: KeyboardEvent): void {
    if (!waiting || ["Shift", "Control", "Alt", "Meta", "AltGraph"].includes(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    const action = waiting;
    const [place, letter] = bindingsOf(pressOf(event));
    // Ratings go by place, so that a borrowed keyboard has them under the same fingers.
    const chosen = action in DIGITS && event.code.startsWith("Key") ? place : letter;
    if (chosen && event.key !== "Escape" && event.key !== "Tab") map[action] = [chosen];
    waiting = null;
    draw();
    list.querySelectorAll("button")[ACTION_NAMES.indexOf(action)]?.focus();
  }

  async function done(next: Keymap | null): Promise<void> {
    try {
      await save(next);
      shut();
    } catch (error) {
      say(message, error instanceof Error ? error.message : String(error));
    }
  }

  const keep = button("Save", "", () => void done(JSON.stringify(map) === JSON.stringify(DEFAULTS) ? null : map), "primary");
  const usual = button("Usual keys", "", () => {
    map = structuredClone(DEFAULTS);
    draw();
  });
  const label = el("label", { class: "row", for: "digits" }, digits, " Digits by position: 1 Bad, 2 Okay, 3 Great");
  const buttons = el("div", { class: "buttons" }, usual, button("Close", "Esc", () => shut()), keep);
  const { dialog, closed, shut } = open("Keys", [list, label, message, buttons], () => waiting === null);
  dialog.addEventListener("keydown", pressed, true);
  draw();
  keep.focus();
  await closed;
}

function named(action: string): string {
  return ACTIONS[action as Action] ?? action;
}
