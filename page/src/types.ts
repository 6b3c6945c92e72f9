// What the page and the server say to each other.
//
// The server's side: labeling/events.py, web/room/api.py, web/room/shown.py.

export type Rating = -1 | 0 | 1;
export type Finish = "found_error" | "solution" | "bad_problem" | "give_up";
export type ReportKind = "split" | "empty" | "other";

/** One thing that the rater does; null takes back what was said. */
export type Said =
  | { type: "rate"; payload: { step: number; candidate: number | null; rating: Rating | null; fast?: true } }
  | { type: "flag"; payload: { step: number; candidate: number | null; flagged: boolean } }
  | { type: "choose"; payload: { step: number; candidate: number | null } }
  | { type: "human_step"; payload: { step: number; text: string | null } }
  | { type: "progress"; payload: { value: number | null } }
  | { type: "critique"; payload: { candidate: number; rating: Rating | null } }
  | { type: "critique_text"; payload: { text: string | null } }
  | { type: "report_step"; payload: { step: number; kind: ReportKind | null } }
  | { type: "note"; payload: { text: string | null } }
  | { type: "active"; payload: { ms: number } }
  | { type: "confirm"; payload: { what: string } };

/** A thing said, with its own id and its place in the order; it never changes. */
export type Event = Said & { event_id: string; seq: number; mono_ms: number; wall: string };

/** A text offered as a step, or as a critique of one. */
export interface Option {
  candidate: number;
  text: string;
  origin: "pregenerated" | "alternative" | "critique" | "human";
}

export interface Assignment {
  assignment_id: string;
  state: "leased" | "submitted" | "reopened" | "expired" | "released";
  lease_expires_at: string | number;
  guideline_version: number | string | null;
  problem: { problem_id: string; statement: string; answer: string | null };
  steps: string[];
  final_answer: string | null;
  options: Record<string, Option[]>;
  events: Event[];
  last_seq: number;
}

export interface Project {
  name: string;
  protocol: "phase1" | "phase2";
  show_answer: boolean;
  ask_alternatives: boolean;
  ask_progress: boolean;
  ask_critique: boolean;
  show_rate: boolean;
  guideline: { version: number | string; text: string } | null;
}

export type Keymap = Record<string, string[]>;

export interface Me {
  labeler_id: string;
  name: string;
  role: "labeler" | "lead" | "admin";
  state: "screening" | "active" | "paused" | "failed" | "blocked";
  screening: { answered: number; total: number; pass_mark: number } | null;
  keymap: Keymap | null;
  stats: { today: number; per_hour: number | null; left: number };
  project: Project;
}

export interface Claim {
  assignments: Assignment[];
  reason: null | "nothing_left" | "enough_for_today" | "paused" | "failed";
}

export interface Submission {
  submission_id: string;
  last_seq: number;
  finish_reason: Finish;
  reason: string | null;
}

export interface Recent {
  assignment_id: string;
  statement_start: string;
  finish_reason: Finish;
  first_error: number | null;
  submitted_at: string | number;
}
