// Phase 1: steps are offered, all are rated, one continues (labeling/phase1.py).

import { keyOf, type Draft } from "./state.ts";
import type { Option, Rating, Said } from "./types.ts";

/** The options after the steps so far; undefined if none were asked for yet. */
export type Offered = (way: readonly string[]) => Option[] | undefined;

export interface Turn {
  step: number;
  offered: Option[];
  /** What continued: the text, and the candidate unless the rater wrote it. */
  text: string;
  candidate: number | null;
}

/** The steps taken after the given ones. */
export function turnsOf(draft: Draft, given: readonly string[], offered: Offered): Turn[] {
  const way = [...given];
  const turns: Turn[] = [];
  for (;;) {
    const step = way.length;
    const options = offered(way) ?? [];
    const chosen = options.find((option) => option.candidate === draft.chosen.get(step));
    const text = chosen?.text ?? draft.human.get(step);
    if (text === undefined) return turns;
    turns.push({ step, offered: options, text, candidate: chosen?.candidate ?? null });
    way.push(text);
  }
}

/** What may happen once the options of a step are looked at. */
export type Next =
  | { kind: "rate"; left: number }
  /** Some are rated +1, or, if `writes`, the best are 0; any of these may continue. */
  | { kind: "continue"; among: number[]; writes: boolean };

export function nextOf(draft: Draft, step: number, offered: readonly Option[]): Next {
  const ratings = offered.map((option) => draft.ratings.get(keyOf(step, option.candidate)) ?? null);
  const left = ratings.filter((rating) => rating === null).length;
  if (left) return { kind: "rate", left };
  const rated = (wanted: Rating): number[] =>
    offered.filter((_, i) => ratings[i] === wanted).map((option) => option.candidate);
  const great = rated(1);
  return great.length
    ? { kind: "continue", among: great, writes: false }
    : { kind: "continue", among: rated(0), writes: true };
}

/** Takes back what continued at a step, and all that followed. */
export function takeBack(draft: Draft, from: number): Said[] {
  const steps = new Set([...draft.chosen.keys(), ...draft.human.keys()].filter((step) => step >= from));
  return [...steps]
    .sort((a, b) => b - a)
    .map((step) =>
      draft.chosen.has(step)
        ? { type: "choose", payload: { step, candidate: null } }
        : { type: "human_step", payload: { step, text: null } },
    );
}

/** Whether a step looks as if it stated a final answer; the server decides. */
export function statesAnswer(step: string | undefined): boolean {
  return /^\s*#+ *Answer|\\boxed\b|^\s*####|\banswer(?: to (?:the|this) (?:problem|question))? *(?:is|are|:|=)/im.test(step ?? "");
}
