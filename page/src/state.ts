// What holds after some events, and what may be said next.
//
// No page, no network: everything that is shown follows from a Draft, and a Draft
// from events. The server folds the same events by the same rules
// (labeling/drafts.py).

import type { Assignment, Event, Finish, Option, Rating, ReportKind, Said } from "./types.ts";

export interface Draft {
  ratings: ReadonlyMap<string, Rating>;
  flags: ReadonlySet<string>;
  chosen: ReadonlyMap<number, number>;
  human: ReadonlyMap<number, string>;
  critiques: ReadonlyMap<number, Rating>;
  reports: ReadonlyMap<number, ReportKind>;
  progress: number | null;
  critiqueText: string | null;
  note: string | null;
  confirmed: ReadonlySet<string>;
}

export const EMPTY: Draft = {
  ratings: new Map(),
  flags: new Set(),
  chosen: new Map(),
  human: new Map(),
  critiques: new Map(),
  reports: new Map(),
  progress: null,
  critiqueText: null,
  note: null,
  confirmed: new Set(),
};

/** Key of a step as shown (candidate null) or of an option for it. */
export function keyOf(step: number, candidate: number | null): string {
  return `${step}:${candidate ?? ""}`;
}

/** What holds after one more thing was said. */
export function apply(draft: Draft, said: Said): Draft {
  switch (said.type) {
    case "rate": {
      const { step, candidate, rating } = said.payload;
      return { ...draft, ratings: put(draft.ratings, keyOf(step, candidate), rating) };
    }
    case "flag": {
      const flags = new Set(draft.flags);
      const key = keyOf(said.payload.step, said.payload.candidate);
      if (said.payload.flagged) flags.add(key);
      else flags.delete(key);
      return { ...draft, flags };
    }
    case "choose": {
      const { step, candidate } = said.payload;
      const human = candidate === null ? draft.human : put(draft.human, step, null);
      return { ...draft, chosen: put(draft.chosen, step, candidate), human };
    }
    case "human_step": {
      const { step, text } = said.payload;
      const chosen = text ? put(draft.chosen, step, null) : draft.chosen;
      return { ...draft, human: put(draft.human, step, text || null), chosen };
    }
    case "critique":
      return { ...draft, critiques: put(draft.critiques, said.payload.candidate, said.payload.rating) };
    case "report_step":
      return { ...draft, reports: put(draft.reports, said.payload.step, said.payload.kind) };
    case "progress":
      return { ...draft, progress: said.payload.value };
    case "critique_text":
      return { ...draft, critiqueText: said.payload.text || null };
    case "note":
      return { ...draft, note: said.payload.text || null };
    case "confirm":
      return { ...draft, confirmed: new Set([...draft.confirmed, said.payload.what]) };
    case "active":
      return draft;
  }
}

/** What holds after all these events, in whatever order they are given. */
export function fold(events: readonly Event[]): Draft {
  return [...events].sort((a, b) => a.seq - b.seq).reduce<Draft>(apply, EMPTY);
}

/** What has to be said to take one thing back, given what held before it. */
export function inverse(draft: Draft, said: Said): Said[] {
  switch (said.type) {
    case "rate": {
      const { step, candidate } = said.payload;
      const rating = draft.ratings.get(keyOf(step, candidate)) ?? null;
      return [{ type: "rate", payload: { step, candidate, rating } }];
    }
    case "flag": {
      const { step, candidate } = said.payload;
      return [{ type: "flag", payload: { step, candidate, flagged: draft.flags.has(keyOf(step, candidate)) } }];
    }
    case "choose":
    case "human_step": {
      const { step } = said.payload;
      const text = draft.human.get(step) ?? null;
      const candidate = draft.chosen.get(step) ?? null;
      // The last of the two holds, so the one that held is said last.
      const back: Said[] = [
        { type: "human_step", payload: { step, text } },
        { type: "choose", payload: { step, candidate } },
      ];
      return text === null ? back : back.reverse();
    }
    case "critique": {
      const { candidate } = said.payload;
      return [{ type: "critique", payload: { candidate, rating: draft.critiques.get(candidate) ?? null } }];
    }
    case "report_step": {
      const { step } = said.payload;
      return [{ type: "report_step", payload: { step, kind: draft.reports.get(step) ?? null } }];
    }
    case "progress":
      return [{ type: "progress", payload: { value: draft.progress } }];
    case "critique_text":
      return [{ type: "critique_text", payload: { text: draft.critiqueText } }];
    case "note":
      return [{ type: "note", payload: { text: draft.note } }];
    case "confirm":
    case "active":
      return [];
  }
}

function put<K, V>(held: ReadonlyMap<K, V>, key: K, value: V | null): ReadonlyMap<K, V> {
  const next = new Map(held);
  if (value === null) next.delete(key);
  else next.set(key, value);
  return next;
}

// ---- phase 2: a whole solution, rated up to the first error -----------------

interface Line {
  ratings: readonly (Rating | null)[];
  unlocked: number;
  error: number | null;
}

/** Every row of a long solution asks, a draft never changes: looked up once. */
const lines = new WeakMap<Draft, Line>();

function lineOf(draft: Draft, nSteps: number): Line {
  const known = lines.get(draft);
  if (known?.ratings.length === nSteps) return known;
  const ratings = Array.from({ length: nSteps }, (_, step) => draft.ratings.get(keyOf(step, null)) ?? null);
  const end = ratings.findIndex((rating) => rating === null || rating === -1);
  const error = ratings.indexOf(-1);
  const line = { ratings, unlocked: end < 0 ? nSteps : end + 1, error: error < 0 ? null : error };
  lines.set(draft, line);
  return line;
}

/** The ratings of the steps as shown. */
export function ratingsOf(draft: Draft, nSteps: number): readonly (Rating | null)[] {
  return lineOf(draft, nSteps).ratings;
}

/** 0-based; null if no step is rated -1. */
export function firstError(draft: Draft, nSteps: number): number | null {
  return lineOf(draft, nSteps).error;
}

/** How many steps may be rated: those up to the first error or the first unrated one. */
export function unlocked(draft: Draft, nSteps: number): number {
  return lineOf(draft, nSteps).unlocked;
}

export interface Move {
  said: Said[];
  /** Later ratings that the move takes back; the rater is asked if there are any. */
  drops: number;
}

/** Rates a step as shown, or takes its rating back. Null where it may not be rated. */
export function rateStep(draft: Draft, nSteps: number, step: number, rating: Rating | null): Move | null {
  if (step < 0 || step >= unlocked(draft, nSteps)) return null;
  const before = ratingsOf(draft, nSteps);
  const stops = rating === -1 || rating === null;
  const late = before.flatMap((held, i) => (stops && i > step && held !== null ? [i] : []));
  // Work in two browsers at once can leave ratings after an error: said again, it drops them.
  if (before[step] === rating && !late.length) return { said: [], drops: 0 };
  return {
    // The last ones first, so that at no time a step is rated after an unrated one.
    said: [...late.reverse(), step].map((i) => ({
      type: "rate",
      payload: { step: i, candidate: null, rating: i === step ? rating : null },
    })),
    drops: late.length,
  };
}

/** How the work would end now, or why it cannot. */
export function ending(draft: Draft, nSteps: number): { finish: Finish } | { why: string } {
  if (firstError(draft, nSteps) !== null) return { finish: "found_error" };
  return !ratingsOf(draft, nSteps).includes(null)
    ? { finish: "solution" }
    : { why: "Find the first error or rate all steps" };
}

/** The options of a step: those to rate as steps, or the critiques. */
export function optionsAt(assignment: Assignment, step: number, critiques = false): Option[] {
  const all = assignment.options[String(step)] ?? [];
  return all.filter((option) => (option.origin === "critique") === critiques);
}

// ---- undo: what was done is taken back by saying something else -------------

interface Done {
  said: Said[];
  back: Said[];
}

/** A draft with what was done on the way, so that it can be taken back and done again. */
export interface Work {
  draft: Draft;
  past: readonly Done[];
  future: readonly Done[];
}

export function start(events: readonly Event[]): Work {
  return { draft: fold(events), past: [], future: [] };
}

/** Does something; what was undone before cannot be done again any more. */
export function perform(work: Work, said: Said[]): Work {
  let { draft } = work;
  const back: Said[] = [];
  for (const one of said) {
    back.unshift(...inverse(draft, one));
    draft = apply(draft, one);
  }
  // Time and confirmations cannot be taken back and do not stand in the way of undo.
  if (!back.length) return { ...work, draft };
  return { draft, past: [...work.past, { said, back }], future: [] };
}

/** The work with its last deed taken back, and what is to be said for it. */
export function undo(work: Work): { work: Work; said: Said[] } | null {
  const done = work.past.at(-1);
  if (!done) return null;
  const next = { past: work.past.slice(0, -1), future: [...work.future, done] };
  return { work: { draft: done.back.reduce(apply, work.draft), ...next }, said: done.back };
}

/** The work with the deed that was taken back last done again. */
export function redo(work: Work): { work: Work; said: Said[] } | null {
  const done = work.future.at(-1);
  if (!done) return null;
  const next = { past: [...work.past, done], future: work.future.slice(0, -1) };
  return { work: { draft: done.said.reduce(apply, work.draft), ...next }, said: done.said };
}
