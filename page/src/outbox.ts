// Sends what the rater did, once and in order.
//
// It is kept until the server has stored it; work never waits for this.

import { Refused, Unreachable } from "./api.ts";
import type { Entry, Store } from "./store.ts";
import type { Assignment, Event, Submission } from "./types.ts";

/** How things stand; `waiting` counts what the server has not yet acknowledged. */
export interface Standing {
  state: "saved" | "saving" | "offline" | "signed_out";
  waiting: number;
  /** Of these, what the rater said, not time at work, and what is on the disk already. */
  labels: number;
  /** What the server said when it could not. */
  why: string | null;
  /** Work that the server refuses for good: it is kept, and stands in nobody's way. */
  refused: { assignment: string; why: string; count: number }[];
  /** What others left unsent in this browser. */
  foreign: number;
  /** False where the browser gives no room: what is unsent is lost with the tab. */
  keeps: boolean;
}

/** The part of the server that takes things in. */
export interface Server {
  events(id: string, events: Event[]): Promise<{ acked: string[] }>;
  submit(id: string, submission: Submission): Promise<unknown>;
  release(id: string, reason: string): Promise<unknown>;
  look(id: string): Promise<Assignment>;
}

export interface Hooks {
  changed(standing: Standing): void;
  /** Another browser had taken the numbers; what is here got new ones. */
  renumbered(assignment: string): void;
  /** The work is not finished after all: its end was taken back. */
  rejected(assignment: string, why: string): void;
}

/** Without an answer, asked again after these seconds; the last one from then on. */
const PAUSES = [1, 2, 4, 8];
const BATCH = 200;

export class Outbox {
  private entries: Entry[] = [];
  private readonly stored = new Set<number>();
  private readonly refused = new Map<string, string>();
  private last = 0;
  private foreign = 0;
  private running: Promise<void> | null = null;
  private again = false;
  private failures = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private state: Standing["state"] = "saved";
  private why: string | null = null;
  private keeps: boolean;
  private halted = false;
  private unwritten: Entry[] = [];
  private writing: Promise<void> | null = null;

  constructor(
    private readonly store: Store,
    private readonly labeler: string,
    private readonly server: Server,
    private readonly hooks: Hooks,
  ) {
    this.keeps = store.keeps;
  }

  /** Takes up what was left the last time. */
  async load(): Promise<void> {
    const all = await this.store.all();
    this.last = Math.max(0, ...all.map((entry) => entry.n));
    this.entries = all.filter((entry) => entry.labeler === this.labeler);
    this.foreign = all.length - this.entries.length;
    for (const entry of this.entries) this.stored.add(entry.n);
  }

  /** Keeps things and sends them when it can; done when they are kept. */
  async add(assignment: string, made: Pick<Entry, "kind" | "body">[]): Promise<void> {
    const added = made.map((one) => ({ ...one, n: ++this.last, labeler: this.labeler, assignment }) as Entry);
    this.entries.push(...added);
    this.tell();
    this.unwritten.push(...added);
    await this.write();
    // While the server does not answer, the timer asks, not every key.
    if (this.state !== "offline") void this.flush();
  }

  /** Events of an assignment that the server has not acknowledged. */
  unsent(assignment: string): Event[] {
    return this.entries.flatMap((entry) =>
      entry.kind === "event" && entry.assignment === assignment ? [entry.body] : [],
    );
  }

  /** Whether the end of an assignment is on its way. */
  isEnding(assignment: string): boolean {
    return this.entries.some((entry) => entry.assignment === assignment && entry.kind !== "event");
  }

  /** Sends all it can. What comes meanwhile is sent, too, before this is done. */
  flush(): Promise<void> {
    if (this.running) {
      this.again = true;
      return this.running;
    }
    clearTimeout(this.timer);
    this.running = this.run().finally(() => {
      this.running = null;
      this.tell();
    });
    return this.running;
  }

  /** Sends all there is; whether the server has everything now. */
  async drain(): Promise<boolean> {
    await this.writing;
    await this.flush();
    return this.entries.length === 0;
  }

  /** Whether the server has everything but what it refuses. */
  isClear(): boolean {
    return this.entries.every((entry) => this.refused.has(entry.assignment));
  }

  /** Another tab has taken over: sends nothing more. */
  halt(): void {
    this.halted = true;
    clearTimeout(this.timer);
  }

  /** Tries work once more that the server has refused. */
  retry(): Promise<void> {
    this.refused.clear();
    return this.flush();
  }

  /** Throws away what the server refuses. */
  async discard(assignment: string): Promise<void> {
    await this.drop(this.entries.filter((entry) => entry.assignment === assignment));
    this.refused.delete(assignment);
    this.tell();
  }

  standing(): Standing {
    const refused = [...this.refused].map(([assignment, why]) => ({
      assignment,
      why,
      count: this.entries.filter((entry) => entry.assignment === assignment).length,
    }));
    const waiting = this.entries.length;
    const state = waiting ? (this.state === "saved" ? "saving" : this.state) : this.state;
    const isLabel = (entry: Entry): boolean => entry.kind !== "event" || entry.body.type !== "active";
    const labels = this.entries.filter((entry) => isLabel(entry) && this.stored.has(entry.n)).length;
    return { state, waiting, labels, why: this.why, refused, foreign: this.foreign, keeps: this.keeps };
  }

  /** Puts on the disk what is not there yet; what comes meanwhile goes together. */
  private write(): Promise<void> {
    this.writing ??= (async () => {
      while (this.unwritten.length) {
        const some = this.unwritten;
        this.unwritten = [];
        try {
          await this.store.put(some);
        } catch {
          this.keeps = false; // the disk is full, perhaps; the server may still take it
        }
        for (const entry of some) this.stored.add(entry.n);
        this.tell();
      }
    })().finally(() => {
      this.writing = null;
    });
    return this.writing;
  }

  private tell(): void {
    this.hooks.changed(this.standing());
  }

  private async run(): Promise<void> {
    do {
      this.again = false;
      for (let batch = this.next(); batch.length && !this.halted; batch = this.next()) {
        try {
          await this.send(batch);
          this.failures = 0;
          this.why = null;
          this.state = "saved";
          this.tell();
        } catch (error) {
          if (!(await this.survive(error, batch))) return;
        }
      }
    } while (this.again && !this.halted);
    // Nothing waits, so nothing failed; that the server answers is another matter.
    if (this.state === "offline" && !this.entries.length) this.state = "saved";
  }

  /** The next things to send together: events of one assignment, or one end. */
  private next(): Entry[] {
    const ready = this.entries.filter((entry) => !this.refused.has(entry.assignment));
    const first = ready[0];
    if (!first || !this.stored.has(first.n)) return [];
    if (first.kind !== "event") return [first];
    const end = ready.findIndex(
      (entry) => entry.kind !== "event" || entry.assignment !== first.assignment || !this.stored.has(entry.n),
    );
    return ready.slice(0, Math.min(BATCH, end < 0 ? ready.length : end));
  }

  private async send(batch: Entry[]): Promise<void> {
    const first = batch[0];
    if (!first) return;
    if (first.kind === "submit") await this.server.submit(first.assignment, first.body);
    else if (first.kind === "release") await this.server.release(first.assignment, first.body.reason);
    else {
      const events = batch.flatMap((entry) => (entry.kind === "event" ? [entry.body] : []));
      const { acked } = await this.server.events(first.assignment, events);
      const stored = new Set(acked);
      const done = batch.filter((entry) => entry.kind === "event" && stored.has(entry.body.event_id));
      if (!done.length) throw new Unreachable("the server acknowledged nothing");
      return this.drop(done);
    }
    return this.drop(batch);
  }

  /** Whether sending may go on after an error. */
  private async survive(error: unknown, batch: Entry[]): Promise<boolean> {
    const assignment = batch[0]?.assignment ?? "";
    if (error instanceof Refused && error.status === 401) {
      this.state = "signed_out";
      return false;
    }
    if (error instanceof Refused && error.type === "not_finished") {
      await this.drop(batch);
      this.hooks.rejected(assignment, error.message);
      return true;
    }
    if (error instanceof Refused) {
      try {
        if (error.type === "conflict" && (await this.renumber(assignment))) return true;
      } catch {
        // could not be looked up; what the server said first is what is shown
      }
      this.refused.set(assignment, error.message);
      return true;
    }
    this.state = "offline";
    this.why = error instanceof Error ? error.message : String(error);
    const pause = PAUSES[Math.min(this.failures, PAUSES.length - 1)] ?? 8;
    this.failures += 1;
    this.timer = setTimeout(() => void this.flush(), pause * 1000);
    return false;
  }

  /**
   * Gives events new numbers after those that the server has from elsewhere.
   *
   * The rater worked in two browsers; what was said here comes last and holds.
   */
  private async renumber(assignment: string): Promise<boolean> {
    const { events, last_seq: last } = await this.server.look(assignment);
    const known = new Set(events.map((event) => event.event_id));
    const mine = this.entries.filter((entry) => entry.assignment === assignment);
    const there = mine.filter((entry) => entry.kind === "event" && known.has(entry.body.event_id));
    let seq = last;
    const before = JSON.stringify(mine);
    const moved = mine
      .filter((entry) => !there.includes(entry))
      .map((entry): Entry => {
        if (entry.kind === "event") return { ...entry, body: { ...entry.body, seq: ++seq } };
        return entry.kind === "submit" ? { ...entry, body: { ...entry.body, last_seq: seq } } : entry;
      });
    if (JSON.stringify(moved) === before) return false; // the conflict is another one
    await this.drop(there);
    await this.store.put(moved);
    const byNumber = new Map(moved.map((entry) => [entry.n, entry]));
    this.entries = this.entries.map((entry) => byNumber.get(entry.n) ?? entry);
    this.hooks.renumbered(assignment);
    return true;
  }

  private async drop(done: Entry[]): Promise<void> {
    const numbers = new Set(done.map((entry) => entry.n));
    this.entries = this.entries.filter((entry) => !numbers.has(entry.n));
    for (const n of numbers) this.stored.delete(n);
    await this.store.remove([...numbers]).catch(() => undefined); // sent again later, to no harm
  }
}
