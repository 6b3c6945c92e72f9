// What the server tells leads and administrators.
//
// The server's side: web/room/reading.py and the modules it puts together.

import type { Finish, Me, Rating } from "../types.ts";

export type { Me, Rating };

/** A figure, and how sure it is; null: not enough data. */
export interface Estimate {
  value: number | null;
  low: number | null;
  high: number | null;
  n: number;
}

interface Middle {
  mean: number | null;
  median: number | null;
}

export const REPORTS = ["unsure", "split", "bad_problem", "give_up", "note"] as const;
export type ReportKind = (typeof REPORTS)[number];

export interface Overview {
  name: string;
  protocol: string;
  now: string;
  tasks: { kind: string; state: string; tasks: number; wanted: number; given: number; remaining: number }[];
  opinions: { wanted: number; given: number; remaining: number };
  days: { day: string; solutions: number; people: number }[];
  pace: { of: number; solutions: Middle; ratings: Middle; median_active_ms: number | null };
  end: { recent: number; people: number; hours_of_work: number | null; days: number | null; at: string | null; why_unknown: string | null };
  generations: { number: number; verifier: string | null; policy: unknown; created_at: string; tasks: number; done: number; opinions: number }[];
  reports: Record<ReportKind, number>;
  people: Record<string, number>;
  clocks: { name: string; ahead_ms: number }[];
  database: { kind: string; version: string; schema: string };
}

export interface Person {
  labeler_id: string;
  name: string;
  role: "labeler" | "lead" | "admin";
  state: "screening" | "active" | "paused" | "failed" | "blocked";
  export_id: string;
  submissions: number;
  last_seen: string | null;
  gold: (Estimate & { right: number }) | null;
  fast_share: number | null;
  solutions_per_hour: number | null;
  seconds_a_step: number | null;
  rates: [number, number, number] | null;
  longest_all_good: number;
  pairs: number;
  same: number | null;
  later_by: number | null;
  weeks: { week: string; pairs: number; same: number }[];
}

export interface Agreement {
  protocol: string;
  solutions: number;
  problems: number;
  raters: number;
  first_errors: Record<"exact" | "near" | "has_error" | "has_error_kappa" | "has_error_fleiss", Estimate>;
  ordinal_alpha: Estimate;
  confusion: number[][];
  pairs: { raters: [string, string]; solutions: number; kappa: Estimate }[];
  pairs_left_out: number;
  contested: { task_id: number; step: number; text: string; ratings: Record<string, number> }[];
  gold: { answers: number; right: Estimate; near: Estimate; has_error: Estimate; missed: number; false_alarms: number; raters: (Estimate & { rater: string })[] };
}

export interface Page<T> {
  total: number;
  rows: T[];
}

export interface Disputed {
  task_id: number;
  statement_start: string;
  opinions: number;
  errors: number;
  first: number;
  last: number;
  state: string;
  is_decided: boolean;
}

/** An opinion of this room or from elsewhere; both null: none, the problem is bad. */
export interface Held {
  assignment_id: string | null;
  imported_id: number | null;
}

export interface Opinion extends Held {
  labeler: string;
  finish_reason: Finish | null;
  first_error: number | null;
  active_ms: number | null;
  revision: number;
  is_late: boolean;
  at: string;
  ratings: (Rating | null)[];
  unsure: number[];
  alternatives: { step: number; text: string; rating: Rating | null }[];
  human_steps: { step: number; text: string }[];
  reason: string | null;
  note: string | null;
  progress: number | null;
  critique: string | null;
  critiques: { text: string; rating: Rating | null }[] | null;
  reports: Record<string, string> | null;
}

export interface Task {
  task_id: number;
  kind: string;
  state: string;
  generation: number | null;
  gold: { first_errors: (number | null)[] } | null;
  problem: { problem_id: string; statement: string; answer: string };
  steps: string[];
  final_answer: string | null;
  score: number | null;
  opinions: Opinion[];
  decision: (Held & { by: string; note: string | null; at: string }) | null;
}

export interface Report {
  task_id: number;
  labeler: string;
  statement_start: string;
  step: number | null;
  step_text: string | null;
  text: string | null;
  at: string;
}

export interface Quality {
  questions: {
    task_id: number;
    kind: string;
    state: string;
    statement_start: string;
    acceptable: (number | null)[];
    answers: number;
    right: number;
    said: { first_error: number | null; n: number }[];
    is_doubtful: boolean;
  }[];
  screening: {
    questions: number;
    pass_mark: number;
    chances: { accuracy: number; passes: number }[];
    people: { name: string; state: string; answered: number; right: number }[];
  };
}

export interface Guideline {
  version: number;
  text: string;
  created_at: string;
  assignments: number;
}

export type Settings = Record<string, boolean | number>;

export interface Audit extends Page<{ id: number; actor: string; action: string; target: string; detail: unknown; at: string; hash: string }> {
  first_break: number | null;
  actions: string[];
}
