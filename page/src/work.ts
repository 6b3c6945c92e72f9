// The work at hand: what was handed out, what is being done to it, what comes next.

import { api, Refused, uuid } from "./api.ts";
import * as dialogs from "./dialogs.ts";
import { el } from "./dom.ts";
import type { Frame } from "./frame.ts";
import type { Action } from "./keys.ts";
import type { Outbox } from "./outbox.ts";
import { Phase1 } from "./phase1.ts";
import { Phase2 } from "./phase2.ts";
import { button } from "./rating.ts";
import type { Room, View } from "./room.ts";
import { EMPTY, perform, redo, start, undo, type Draft, type Work } from "./state.ts";
import type { ActiveTime } from "./time.ts";
import type { Assignment, Event, Finish, Me, Option, Said } from "./types.ts";

/** At most two: one at work, one for when the network is gone. */
const AHEAD = 2;
const AGAIN_MS = 4_000;
const BROKEN = ["It needs something that is missing, e.g. a picture", "It rests on something false", "It asks no definite question", "It has four or more parts", "Something else"];

export interface Surroundings {
  me: Me;
  frame: Frame;
  outbox: Outbox;
  time: ActiveTime;
  keyFor(action: Action): string;
  /** Whether another tab works, and this one looks on. */
  isFrozen(): boolean;
}

const NOTHING: Assignment = {
  assignment_id: "",
  state: "released",
  lease_expires_at: "",
  guideline_version: null,
  problem: { problem_id: "", statement: "", answer: null },
  steps: [],
  final_answer: null,
  options: {},
  events: [],
  last_seq: 0,
};

export class Desk implements Room {
  assignment = NOTHING;
  private work: Work = { draft: EMPTY, past: [], future: [] };
  private view: View | null = null;
  private seq = 0;
  private waiting: Assignment[] = [];
  /** Finished here; the server may not know yet and hand it out again. */
  private readonly ended = new Set<string>();
  private isFetching = false;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly around: Surroundings) {}

  get me(): Me {
    return this.around.me;
  }

  get draft(): Draft {
    return this.work.draft;
  }

  get isOpen(): boolean {
    return this.view !== null;
  }

  keyFor(action: Action): string {
    return this.around.keyFor(action);
  }

  say(said: Said[]): void {
    if (!this.view || this.around.isFrozen() || !said.length) return;
    this.work = perform(this.work, said);
    this.record(said);
    this.draw();
  }

  draw(): void {
    if (!this.view) return;
    this.view.draw();
    this.around.frame.drawBar(this.view.ending(), this.view.progress(), this.draft.note);
  }

  async alternatives(step: number): Promise<Option[]> {
    const { assignment_id: id } = this.assignment;
    // The server must know the way to this step before it can say what follows.
    if (this.around.isFrozen()) throw new Error("another tab is at work");
    if (!(await this.around.outbox.drain())) throw new Error("the server does not answer");
    return (await api.alternatives(id, step)).candidates;
  }

  /** Writes down the time at work since the last time. */
  clock(): void {
    const ms = this.around.time.take();
    if (ms > 0 && this.view && !this.around.isFrozen()) this.record([{ type: "active", payload: { ms } }]);
  }

  /** Does what a key or button asks; false if it is nothing of the work. */
  act(action: Action): boolean {
    const { view } = this;
    if (!view) return action === "reopen" && (void this.reopen(null), true);
    switch (action) {
      case "undo":
      case "redo":
        this.turnBack(action === "undo" ? undo : redo);
        return true;
      case "submit": {
        if (view.act("submit")) return true;
        const ending = view.ending();
        if ("finish" in ending) void this.finish(ending.finish);
        return true;
      }
      case "bad_problem":
      case "give_up":
      case "release":
        if (action !== "release" || this.me.state !== "screening") void this.leave(action);
        return true;
      case "reopen":
        void this.reopen(null);
        return true;
      default:
        return view.act(action);
    }
  }

  /** A digit may choose on a scale, where the cursor is on one. */
  digit(value: number): boolean {
    return this.view?.digit?.(value) ?? false;
  }

  /** Opens the next piece of work; asks for more in good time. */
  async next(): Promise<void> {
    const one = this.waiting.shift();
    if (one) this.open(one);
    else this.close(el("p", {}, "Looking for work …"));
    if (this.waiting.length < AHEAD - 1) await this.fetch();
  }

  /** Opens work, with what was done to it here and has not arrived yet. */
  open(assignment: Assignment, message?: string): void {
    const { outbox, frame, time } = this.around;
    const known = new Set(assignment.events.map((event) => event.event_id));
    const events = [...assignment.events, ...outbox.unsent(assignment.assignment_id).filter((event) => !known.has(event.event_id))];
    this.assignment = assignment;
    this.work = start(events);
    this.seq = Math.max(assignment.last_seq, ...events.map((event) => event.seq));
    time.take();
    const isPhase1 = this.me.project.protocol === "phase1";
    frame.drawProblem(assignment);
    this.view = isPhase1 ? new Phase1(this) : new Phase2(this);
    frame.work(this.view.element);
    window.scrollTo({ top: 0, behavior: "instant" });
    this.draw();
    this.view.enter();
    if (message) this.view.element.prepend(el("p", { class: "warn", role: "alert" }, message));
  }

  /** The numbers of events were changed, or the end was refused: takes it up anew. */
  async refresh(id: string, message?: string): Promise<void> {
    if (id !== this.assignment.assignment_id && !message) return;
    const fresh = await api.look(id);
    this.ended.delete(id);
    if (this.view && id !== this.assignment.assignment_id) this.waiting.unshift(this.assignment);
    this.open(fresh, message);
  }

  async reopen(id: string | null): Promise<void> {
    if (this.around.isFrozen()) return;
    try {
      const ended = [...this.ended].at(-1);
      const wanted = id ?? ended ?? (await api.recent())[0]?.assignment_id;
      if (!wanted || (this.view && wanted === this.assignment.assignment_id)) return;
      this.clock();
      if (!(await this.around.outbox.drain())) throw new Error("it is not with the server yet");
      const assignment = await api.reopen(wanted);
      if (this.view) this.waiting.unshift(await api.look(this.assignment.assignment_id));
      this.ended.delete(wanted);
      this.open(assignment);
    } catch (error) {
      await dialogs.askWhether("It cannot be reopened", error instanceof Error ? error.message : String(error), "Good", "Close");
    }
  }

  private turnBack(way: typeof undo): void {
    const done = this.around.isFrozen() ? null : way(this.work);
    if (!done) return;
    this.work = done.work;
    this.record(done.said);
    this.draw();
    this.view?.enter();
  }

  private record(said: Said[]): void {
    const mono_ms = performance.now();
    const wall = new Date().toISOString();
    const made = said.map((one): { kind: "event"; body: Event } => ({
      kind: "event",
      body: { ...one, event_id: uuid(), seq: ++this.seq, mono_ms, wall },
    }));
    void this.around.outbox.add(this.assignment.assignment_id, made);
  }

  private async finish(finish: Finish, reason: string | null = null): Promise<void> {
    const { assignment, draft } = this;
    const { answer } = assignment.problem;
    const differs = finish === "solution" && answer !== null && assignment.final_answer !== null && bare(answer) !== bare(assignment.final_answer);
    if (differs && !draft.confirmed.has("answer_differs")) {
      const text = `The solution ends with ${assignment.final_answer}, the reference answer is ${answer}. Is there still no error?`;
      if (!(await dialogs.askWhether("The answer differs", text, "No error", "Look again"))) return;
      this.say([{ type: "confirm", payload: { what: "answer_differs" } }]);
    }
    this.end({ kind: "submit", body: { submission_id: uuid(), last_seq: 0, finish_reason: finish, reason } });
  }

  private async leave(action: "bad_problem" | "give_up" | "release"): Promise<void> {
    const questions = {
      bad_problem: { title: "Problem is broken", text: "What is wrong with the problem? A wrong solution is no reason.", choices: BROKEN, needsText: false, confirm: "Submit" },
      give_up: { title: "Give up", text: "Take two or three minutes before you do. Why can you not rate this?", needsText: true, confirm: "Give up" },
      release: { title: "Release", text: "Somebody else gets it, and you get another one.", needsText: false, confirm: "Release" },
    };
    const reason = await dialogs.askReason(questions[action]);
    if (reason === null) return;
    if (action === "release") this.end({ kind: "release", body: { reason } });
    else await this.finish(action, reason);
  }

  private end(entry: Parameters<Outbox["add"]>[1][number]): void {
    this.clock();
    if (entry.kind === "submit") entry.body = { ...(entry.body as object), last_seq: this.seq } as typeof entry.body;
    const id = this.assignment.assignment_id;
    this.ended.delete(id); // so that the last one is last
    this.ended.add(id);
    void this.around.outbox.add(id, [entry]);
    this.view = null;
    void this.next();
  }

  private async fetch(isSecond = false): Promise<void> {
    if (this.isFetching) return;
    this.isFetching = true;
    clearTimeout(this.timer);
    try {
      if (await this.ask(isSecond)) return;
    } catch (error) {
      const isOut = error instanceof Refused && error.status === 401;
      if (!this.view && isOut) this.close(el("p", { class: "big" }, "You are signed out: open your invite link again, or ask for a new one."));
      else if (!this.view) this.stall(`The server does not answer (${error instanceof Error ? error.message : String(error)}).`);
      return;
    } finally {
      this.isFetching = false;
    }
    await this.fetch(true);
  }

  /** Asks for work; false if it has to be asked for once more. */
  private async ask(isSecond: boolean): Promise<boolean> {
    const { outbox } = this.around;
    // First what is done, then more; else the same would be handed out again.
    if (!this.around.isFrozen()) await outbox.drain();
    if (!this.around.isFrozen() && !outbox.isClear()) {
      if (!this.view) this.stall("What you did is kept here until the server answers. Work goes on then.");
      return true;
    }
    const { assignments, reason } = await api.claim(this.around.isFrozen() ? 1 : AHEAD);
    const here = new Set([...this.ended, ...this.waiting.map((one) => one.assignment_id)]);
    if (this.view) here.add(this.assignment.assignment_id);
    this.waiting.push(...assignments.filter(({ assignment_id: id }) => !here.has(id) && !outbox.isEnding(id)));
    if (this.view) return true;
    const first = this.waiting.shift();
    if (first) this.open(first);
    // It was handed out before it was finished here, and that may not be all there is.
    else if (assignments.length && !isSecond) return false;
    else if (assignments.length) this.stall("The server waits for work that it did not take; see above.");
    else this.nothing(reason);
    return true;
  }

  /** Says why there is no work now, and looks for it again after a while. */
  private stall(why: string): void {
    this.close(el("p", {}, why), this.again());
    this.timer = setTimeout(() => void this.fetch(), AGAIN_MS);
  }

  private nothing(reason: string | null): void {
    const { me, frame } = this.around;
    if (reason === "nothing_left") frame.drawMe({ ...me, stats: { ...me.stats, left: 0 } }); // counted a while ago
    const texts: Record<string, string> = {
      paused: "Your work is paused. The project lead will tell you how it goes on; what you did is kept.",
      failed: "The screening was not passed this time. Thank you for taking part; please ask the project lead.",
      blocked: "You have no access to this project any more.",
      enough_for_today: "You have rated as many solutions to each problem as one person may in a day. There is more for you tomorrow. Thank you!",
      nothing_left: "Nothing is left to rate for you. Thank you!",
    };
    this.close(el("p", { class: "big" }, texts[reason ?? "nothing_left"] ?? texts["nothing_left"] ?? ""), this.again());
  }

  private again(): HTMLElement {
    return button("Look again", "", () => void this.next(), "primary");
  }

  private close(...inside: Node[]): void {
    this.view = null;
    this.around.frame.rest(...inside);
  }
}

function bare(answer: string): string {
  return answer.replace(/\s|\\[,;!]|^\$|\$$/g, "");
}
