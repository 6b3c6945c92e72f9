import assert from "node:assert/strict";
import { test } from "node:test";
import { ACTION_NAMES, actionOf, collision, complete, DEFAULTS, DIGITS, shown, type Press } from "../src/keys.ts";
import { ActiveTime } from "../src/time.ts";

function press(key: string, code: string, more: Partial<Press> = {}): Press {
  return { key, code, ctrlKey: false, altKey: false, metaKey: false, shiftKey: false, repeat: false, isComposing: false, altGraph: false, ...more };
}

const usual = complete(null);

test("no two actions share a key", () => {
  assert.equal(collision(DEFAULTS), null);
  const digits = structuredClone(DEFAULTS);
  for (const action of ["bad", "okay", "great"] as const) digits[action].push(DIGITS[action] ?? "");
  assert.equal(collision(digits), null);
  assert.deepEqual(collision({ bad: ["key:x"], okay: ["key:x"] }), { key: "key:x", actions: ["bad", "okay"] });
});

test("ratings lie at the same place on every keyboard", () => {
  assert.equal(actionOf(usual, press("a", "KeyA")), "bad");
  assert.equal(actionOf(usual, press("q", "KeyA")), "bad"); // AZERTY
  assert.equal(actionOf(usual, press("o", "KeyS")), "okay"); // Dvorak
  assert.equal(actionOf(usual, press("A", "KeyA")), "bad"); // caps lock
  assert.equal(actionOf(usual, press("a", "KeyQ")), null); // AZERTY's a is elsewhere
});

test("signs are read as typed, with shift or AltGr where they need it", () => {
  assert.equal(actionOf(usual, press("+", "Equal", { shiftKey: true })), "great");
  assert.equal(actionOf(usual, press("=", "Equal")), "great");
  assert.equal(actionOf(usual, press("?", "Slash", { shiftKey: true })), "flag");
  assert.equal(actionOf(usual, press("[", "Digit8", { ctrlKey: true, altKey: true, altGraph: true })), "reopen");
  assert.equal(actionOf(usual, press("-", "Minus")), "bad");
  assert.equal(actionOf(usual, press("0", "Numpad0")), "okay");
});

test("a held key, an unfinished word and strange modifiers do nothing", () => {
  assert.equal(actionOf(usual, press("a", "KeyA", { repeat: true })), null);
  assert.equal(actionOf(usual, press("a", "KeyA", { isComposing: true })), null);
  for (const modifier of ["ctrlKey", "altKey", "metaKey", "shiftKey"]) assert.equal(actionOf(usual, press("a", "KeyA", { [modifier]: true })), null, modifier);
  assert.equal(actionOf(usual, press("1", "Digit1")), null);
});

test("undo, redo and submit with their modifiers", () => {
  assert.equal(actionOf(usual, press("z", "KeyZ", { ctrlKey: true })), "undo");
  assert.equal(actionOf(usual, press("Z", "KeyZ", { ctrlKey: true, shiftKey: true })), "redo");
  assert.equal(actionOf(usual, press("z", "KeyZ")), "report");
  assert.equal(actionOf(usual, press("Enter", "Enter", { ctrlKey: true })), "submit");
  assert.equal(actionOf(usual, press("Enter", "Enter", { shiftKey: true })), null);
});

test("the rater's own keys take a default away from another action", () => {
  const own = complete({ great: ["key:j"] });
  assert.equal(actionOf(own, press("j", "KeyJ")), "great");
  assert.deepEqual(own.next, ["key:ArrowDown"]);
  assert.equal(actionOf(own, press("d", "KeyD")), null);
  assert.equal(collision(own), null);
});

test("keys are shown as they are written on the keyboard, if the browser tells", () => {
  assert.equal(shown("code:KeyA"), "a");
  assert.equal(shown("code:KeyA", new Map([["KeyA", "q"]])), "q");
  assert.equal(shown("ctrl+shift+key:z"), "Ctrl+Shift+z");
  assert.equal(shown("key:Enter"), "⏎");
  assert.equal(shown("key:+"), "+");
  for (const action of ACTION_NAMES) for (const key of DEFAULTS[action]) assert.ok(shown(key), key);
});

test("time at work leaves out silences and what is out of sight", () => {
  let now = 0;
  const time = new ActiveTime(() => now);
  const after = (ms: number): void => {
    now += ms;
    time.touch();
  };
  after(1000.5);
  after(59_000);
  assert.equal(time.take(), 60_000);
  after(1_800_000); // half an hour of silence
  assert.equal(time.take(), 0);
  after(2000.5);
  assert.equal(time.take(), 2001); // the halves add up
  time.hide();
  after(5000);
  time.show();
  after(300);
  assert.equal(time.take(), 300);
});
