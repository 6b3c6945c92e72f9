// Which key does what.
//
// Ratings lie on the home row by place (`event.code`), so they are under the same
// fingers on every keyboard; the rest goes by letter.

import type { Keymap } from "./types.ts";

/** What a key may do, with the words shown for it, in the order of the key list. */
export const ACTIONS = {
  bad: "Rate Bad (−1), then the next step",
  okay: "Rate Okay (0), then the next step",
  great: "Rate Great (+1), then the next step",
  clear: "Clear this rating, or else the one before",
  next: "Next step",
  previous: "Previous step",
  first: "First step",
  first_unrated: "First unrated step",
  submit: "Submit",
  undo: "Undo",
  redo: "Redo",
  flag: "Unsure: flag this for the project lead",
  report: "Report that this is not a proper step",
  bad_problem: "Problem is broken",
  give_up: "Give up",
  release: "Release: let somebody else have it",
  raw: "Text as written, without formulas",
  hide: "Hide or show the reference answer",
  note: "Notes",
  guidelines: "Guidelines",
  keys: "Keys: this list",
  reopen: "Reopen your last submission",
} as const;

export type Action = keyof typeof ACTIONS;
export const ACTION_NAMES = Object.keys(ACTIONS) as Action[];

/** `code:` is a place on the keyboard, `key:` a letter; `ctrl+`, `alt+`, `shift+` before it. */
export const DEFAULTS: Record<Action, string[]> = {
  bad: ["code:KeyA", "key:-", "code:NumpadSubtract"],
  okay: ["code:KeyS", "key:0", "code:Numpad0"],
  great: ["code:KeyD", "key:+", "key:=", "code:NumpadAdd"],
  clear: ["key:Backspace"],
  next: ["key:j", "key:ArrowDown"],
  previous: ["key:k", "key:ArrowUp"],
  first: ["key:Home"],
  first_unrated: ["key:End"],
  submit: ["key:Enter", "ctrl+key:Enter"],
  undo: ["ctrl+key:z", "key:u"],
  redo: ["ctrl+shift+key:z", "ctrl+key:y"],
  flag: ["key:?", "key:f"],
  report: ["key:z"],
  bad_problem: ["key:b"],
  give_up: ["key:g"],
  release: ["key:l"],
  raw: ["key:r"],
  hide: ["key:v"],
  note: ["key:n"],
  guidelines: ["key:h"],
  keys: ["key:,", "key:F1"],
  reopen: ["key:["],
};

/** Digits by position are unbound unless asked for: "1" would be Bad, and is read as +1. */
export const DIGITS: Partial<Record<Action, string>> = {
  bad: "code:Digit1",
  okay: "code:Digit2",
  great: "code:Digit3",
};

/** What of a keyboard event matters. */
export interface Press {
  key: string;
  code: string;
  ctrlKey: boolean;
  altKey: boolean;
  metaKey: boolean;
  shiftKey: boolean;
  repeat: boolean;
  isComposing: boolean;
  /** Whether the letter needs AltGr, as `[` does on many keyboards. */
  altGraph: boolean;
}

/** The bindings that a press may stand for, the place before the letter. */
export function bindingsOf(press: Press): string[] {
  if (press.metaKey || press.isComposing) return [];
  const letter = press.key.length === 1;
  const typed = press.altGraph && letter;
  const ctrl = press.ctrlKey && !typed ? "ctrl+" : "";
  const alt = press.altKey && !typed ? "alt+" : "";
  const shift = press.shiftKey ? "shift+" : "";
  const key = press.key.toLowerCase() !== press.key.toUpperCase() && letter ? press.key.toLowerCase() : press.key;
  const isLetter = letter && /\p{L}/u.test(key);
  // Shift is part of how `+` or `?` is typed; with a letter or Enter it is a modifier.
  const shifted = letter && !isLetter ? "" : shift;
  return [`${ctrl}${alt}${shift}code:${press.code}`, `${ctrl}${alt}${shifted}key:${key}`];
}

/** The whole map: the defaults, and the rater's own where there are any. */
export function complete(own: Keymap | null): Record<Action, string[]> {
  const map = { ...DEFAULTS };
  const taken = new Map(
    Object.entries(own ?? {}).flatMap(([action, keys]) => keys.map((key) => [key, action] as const)),
  );
  for (const action of ACTION_NAMES)
    // A default gives way to what the rater has put on that key.
    map[action] = own?.[action] ?? DEFAULTS[action].filter((key) => (taken.get(key) ?? action) === action);
  return map;
}

/** What a press asks for; null if nothing. A key held down asks once. */
export function actionOf(map: Record<Action, string[]>, press: Press): Action | null {
  if (press.repeat) return null;
  for (const binding of bindingsOf(press)) {
    const found = ACTION_NAMES.find((action) => map[action].includes(binding));
    if (found) return found;
  }
  return null;
}

/** The first key that two actions share, with both; null if none do. */
export function collision(map: Record<string, string[]>): { key: string; actions: [string, string] } | null {
  const taken = new Map<string, string>();
  for (const [action, keys] of Object.entries(map)) {
    for (const key of keys) {
      const other = taken.get(key);
      if (other !== undefined && other !== action) return { key, actions: [other, action] };
      taken.set(key, action);
    }
  }
  return null;
}

const NAMES: Record<string, string> = {
  ArrowDown: "↓",
  ArrowUp: "↑",
  Backspace: "⌫",
  Enter: "⏎",
  Numpad0: "Num 0",
  NumpadAdd: "Num +",
  NumpadSubtract: "Num −",
  " ": "Space",
};

/**
 * A binding for the eye.
 *
 * @param layout - Place to letter, where the browser tells; else as on a US keyboard.
 */
export function shown(binding: string, layout?: ReadonlyMap<string, string>): string {
  const [, modifiers = "", kind, rest = ""] = /^((?:ctrl\+|alt\+|shift\+)*)(code|key):(.*)$/s.exec(binding) ?? [];
  const before = modifiers.replace(/\b[a-z]/g, (first) => first.toUpperCase());
  if (kind === undefined) return binding;
  const name = NAMES[rest] ?? (kind === "code" ? (layout?.get(rest) ?? rest.replace(/^Key|^Digit/, "")) : rest);
  return before + (name.length === 1 ? name.toLowerCase() : name);
}
