import assert from "node:assert/strict";
import { test } from "node:test";
import { apply, EMPTY, ending, firstError, fold, perform, rateStep, ratingsOf, redo, start, undo, unlocked, type Draft, type Work } from "../src/state.ts";
import { nextOf, statesAnswer, takeBack, turnsOf } from "../src/turns.ts";
import type { Event, Option, Rating, Said } from "../src/types.ts";

const N = 4;

function rated(...ratings: (Rating | null)[]): Draft {
  return ratings.reduce<Draft>((draft, rating, step) => apply(draft, { type: "rate", payload: { step, candidate: null, rating } }), EMPTY);
}

function seen(draft: Draft): unknown {
  return JSON.parse(JSON.stringify(draft, (_, value: unknown) => (value instanceof Map || value instanceof Set ? [...value].sort() : value)));
}

test("steps unlock one after another and stop at the first error", () => {
  assert.equal(unlocked(EMPTY, N), 1);
  assert.equal(unlocked(rated(1), N), 2);
  assert.equal(unlocked(rated(1, 0, 1, 1), N), 4);
  assert.equal(unlocked(rated(1, -1), N), 2);
  assert.equal(rateStep(EMPTY, N, 1, 1), null);
  assert.equal(rateStep(rated(1, -1), N, 2, 1), null);
  assert.equal(rateStep(EMPTY, N, -1, 1), null);
  assert.equal(firstError(rated(1, -1), N), 1);
});

test("an earlier step can be corrected; what follows an error is dropped, last first", () => {
  const move = rateStep(rated(1, 1, 0), N, 0, -1);
  assert.equal(move?.drops, 2);
  assert.deepEqual(move?.said.map((said) => (said.type === "rate" ? [said.payload.step, said.payload.rating] : [])), [[2, null], [1, null], [0, -1]]);
  assert.equal(rateStep(rated(1, 1, 0), N, 0, 0)?.drops, 0);
  assert.deepEqual(rateStep(rated(1), N, 0, 1), { said: [], drops: 0 });
  assert.equal(rateStep(rated(1, -1), N, 1, 1)?.drops, 0);
});

test("work ends with an error or with all steps rated", () => {
  assert.ok("why" in ending(EMPTY, N));
  assert.ok("why" in ending(rated(1, 1, 1), N));
  assert.deepEqual(ending(rated(-1), N), { finish: "found_error" });
  assert.deepEqual(ending(rated(1, 1, 1, 0), N), { finish: "solution" });
  assert.deepEqual(ending(rated(1, 1, 1, -1), N), { finish: "found_error" });
});

test("the order of events is their number, not that of their arrival", () => {
  const event = (seq: number, rating: Rating | null): Event => ({ event_id: `${seq}`, seq, type: "rate", payload: { step: 0, candidate: null, rating }, mono_ms: 0, wall: "" });
  assert.deepEqual(ratingsOf(fold([event(3, 0), event(1, 1), event(2, -1)]), 1), [0]);
  assert.deepEqual(ratingsOf(fold([event(2, null), event(1, 1)]), 1), [null]);
});

test("undo brings back exactly what was, redo what was undone, over any deeds", () => {
  let seed = 3;
  const next = (n: number): number => (seed = (seed * 48271) % 2147483647) % n;
  const deeds = (): Said[] => {
    const step = next(3);
    const rating = ([-1, 0, 1, null] as const)[next(4)] ?? null;
    const all: Said[][] = [
      [{ type: "rate", payload: { step, candidate: next(2) ? null : next(3), rating } }],
      [{ type: "flag", payload: { step, candidate: null, flagged: next(2) === 0 } }],
      [{ type: "choose", payload: { step, candidate: next(3) ? next(3) : null } }],
      [{ type: "human_step", payload: { step, text: next(2) ? "mine" : null } }],
      [{ type: "progress", payload: { value: next(5) } }],
      [{ type: "critique", payload: { candidate: next(2), rating } }],
      [{ type: "report_step", payload: { step, kind: next(2) ? "split" : null } }],
      [{ type: "note", payload: { text: next(2) ? "n" : null } }],
      [{ type: "critique_text", payload: { text: "c" } }, { type: "rate", payload: { step, candidate: null, rating } }],
    ];
    return all[next(all.length)] ?? [];
  };
  for (let round = 0; round < 300; round++) {
    let work: Work = start([]);
    const drafts = [seen(work.draft)];
    for (let i = 0; i < 8; i++) {
      work = perform(work, deeds());
      drafts.push(seen(work.draft));
    }
    for (let i = 7; i >= 0; i--) {
      const done = undo(work);
      assert.ok(done);
      work = done.work;
      assert.deepEqual(seen(work.draft), drafts[i]);
    }
    assert.equal(undo(work), null);
    for (let i = 1; i <= 8; i++) {
      const done = redo(work);
      assert.ok(done);
      work = done.work;
      assert.deepEqual(seen(work.draft), drafts[i]);
    }
    assert.equal(redo(work), null);
  }
});

test("what is done after an undo cannot be redone over; time does not count as done", () => {
  const rate = (rating: Rating): Said[] => [{ type: "rate", payload: { step: 0, candidate: null, rating } }];
  const undone = undo(perform(start([]), rate(1)));
  assert.ok(undone);
  const timed = perform(undone.work, [{ type: "active", payload: { ms: 5 } }]);
  assert.notEqual(redo(timed), null);
  assert.equal(redo(perform(undone.work, rate(0))), null);
});

const option = (candidate: number, text: string): Option => ({ candidate, text, origin: "alternative" });

test("phase 1: the way follows what was chosen or written", () => {
  const offers: Record<string, Option[]> = { "": [option(1, "a"), option(2, "b")], a: [option(3, "c")], b: [option(4, "d")] };
  const turns = (draft: Draft): string => turnsOf(draft, [], (way) => offers[way.join("")]).map((turn) => turn.text).join("");
  const choose = (draft: Draft, step: number, candidate: number): Draft => apply(draft, { type: "choose", payload: { step, candidate } });
  assert.equal(turns(EMPTY), "");
  const one = choose(EMPTY, 0, 1);
  assert.equal(turns(one), "a");
  assert.equal(turns(choose(one, 1, 3)), "ac");
  assert.equal(turns(choose(choose(one, 1, 3), 0, 2)), "b"); // 3 is not offered after b
  const written = apply(one, { type: "human_step", payload: { step: 0, text: "mine" } });
  assert.equal(turns(written), "mine");
  assert.equal(turns(takeBack(written, 0).reduce(apply, written)), "");
});

test("phase 1: a Great option continues, else an Okay one or the rater's own", () => {
  const offered = [option(1, "a"), option(2, "b")];
  const rate = (...ratings: (Rating | null)[]): Draft =>
    ratings.reduce<Draft>((draft, rating, i) => apply(draft, { type: "rate", payload: { step: 0, candidate: i + 1, rating } }), EMPTY);
  assert.deepEqual(nextOf(EMPTY, 0, offered), { kind: "rate", left: 2 });
  assert.deepEqual(nextOf(rate(1), 0, offered), { kind: "rate", left: 1 });
  assert.deepEqual(nextOf(rate(1, 0), 0, offered), { kind: "continue", among: [1], writes: false });
  assert.deepEqual(nextOf(rate(-1, 0), 0, offered), { kind: "continue", among: [2], writes: true });
  assert.deepEqual(nextOf(rate(-1, -1), 0, offered), { kind: "continue", among: [], writes: true });
});

test("a final answer is seen in the forms that the server knows", () => {
  for (const text of ["so\n\n# Answer\n\n3", "it is $\\boxed{3}$", "#### 3", "The answer is 3."]) assert.ok(statesAnswer(text), text);
  for (const text of [undefined, "", "Answering is hard", "3"]) assert.ok(!statesAnswer(text), text);
});
