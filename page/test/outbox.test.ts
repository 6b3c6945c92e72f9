import assert from "node:assert/strict";
import { test } from "node:test";
import { Refused, Unreachable } from "../src/api.ts";
import { Outbox, type Server, type Standing } from "../src/outbox.ts";
import { MemoryStore, type Store } from "../src/store.ts";
import type { Assignment, Event, Submission } from "../src/types.ts";

const event = (seq: number, id = `e${seq}`): Event => ({ event_id: id, seq, type: "note", payload: { text: `${seq}` }, mono_ms: 0, wall: "" });
const submission = (last: number): Submission => ({ submission_id: "s", last_seq: last, finish_reason: "solution", reason: null });

/** Keeps what arrives as the server does: once, by id, and no number twice. */
class Room implements Server {
  readonly held = new Map<string, Event[]>();
  readonly ends: [string, number][] = [];
  trouble: Error | null = null;
  /** Stores what comes and says nothing, as when the answer is lost on the way. */
  isMute = false;
  meanwhile: (() => void) | null = null;

  async events(id: string, events: Event[]): Promise<{ acked: string[] }> {
    await new Promise((resolve) => setImmediate(resolve));
    this.meanwhile?.();
    this.meanwhile = null;
    if (this.trouble) throw this.trouble;
    const held = this.held.get(id) ?? [];
    const fresh = events.filter((one) => !held.some((other) => other.event_id === one.event_id));
    if (fresh.some((one) => held.some((other) => other.seq === one.seq))) throw new Refused(409, "conflict", "taken", {});
    this.held.set(id, [...held, ...fresh]);
    if (this.isMute) throw new Unreachable("no answer");
    return { acked: events.map((one) => one.event_id) };
  }

  async submit(id: string, body: Submission): Promise<void> {
    if (this.trouble) throw this.trouble;
    assert.deepEqual(this.seqs(id), Array.from({ length: body.last_seq }, (_, i) => i + 1), "all events are there before the end");
    this.ends.push([id, body.last_seq]);
  }

  async release(): Promise<void> {}

  async look(id: string): Promise<Assignment> {
    const events = this.held.get(id) ?? [];
    return { events, last_seq: Math.max(0, ...events.map((one) => one.seq)) } as Assignment;
  }

  seqs(id: string): number[] {
    return (this.held.get(id) ?? []).map((one) => one.seq);
  }
}

function outbox(room: Room, store: Store = new MemoryStore(), who = "ada") {
  const standings: Standing[] = [];
  const told: string[] = [];
  const made = new Outbox(store, who, room, {
    changed: (standing) => standings.push(standing),
    renumbered: (id) => told.push(`renumbered ${id}`),
    rejected: (id, why) => told.push(`rejected ${id} ${why}`),
  });
  return { outbox: made, standings, told };
}

const add = (box: Outbox, id: string, ...seqs: number[]): Promise<void> => box.add(id, seqs.map((seq) => ({ kind: "event", body: event(seq, `${id}${seq}`) })));

test("everything arrives once, in order, the end last; saved is said only then", async () => {
  const room = new Room();
  const { outbox: box, standings } = outbox(room);
  for (let seq = 1; seq <= 5; seq++) void add(box, "a", seq);
  void box.add("a", [{ kind: "submit", body: submission(5) }]);
  void add(box, "b", 1, 2);
  assert.equal(await box.drain(), true);
  assert.deepEqual(room.seqs("a"), [1, 2, 3, 4, 5]);
  assert.deepEqual(room.ends, [["a", 5]]);
  assert.deepEqual(room.seqs("b"), [1, 2]);
  for (const { state, waiting } of standings) assert.ok(state !== "saved" || waiting === 0);
  assert.equal(standings.at(-1)?.state, "saved");
});

test("what comes during a flush is sent by that flush", async () => {
  const room = new Room();
  const { outbox: box } = outbox(room);
  await add(box, "a", 1);
  room.meanwhile = () => void add(box, "a", 2);
  await box.drain();
  await box.drain();
  assert.deepEqual(room.seqs("a"), [1, 2]);
});

test("without a server it is kept, also over the end of the tab, and sent later", async () => {
  const room = new Room();
  room.trouble = new Unreachable("gone");
  const store = new MemoryStore();
  const first = outbox(room, store);
  await add(first.outbox, "a", 1, 2);
  assert.equal(await first.outbox.drain(), false);
  assert.equal(first.outbox.standing().state, "offline");
  assert.equal(first.outbox.standing().labels, 2);
  first.outbox.halt();
  room.trouble = null;
  const second = outbox(room, store);
  await second.outbox.load();
  assert.deepEqual(second.outbox.unsent("a").map((one) => one.seq), [1, 2]);
  await add(second.outbox, "a", 3);
  assert.equal(await second.outbox.drain(), true);
  assert.deepEqual(room.seqs("a"), [1, 2, 3]);
});

test("an answer that is lost doubles nothing", async () => {
  const room = new Room();
  room.isMute = true;
  const { outbox: box } = outbox(room);
  await add(box, "a", 1, 2);
  assert.equal(await box.drain(), false);
  room.isMute = false;
  assert.equal(await box.drain(), true);
  assert.deepEqual(room.seqs("a"), [1, 2]);
});

test("numbers that another browser took are given anew, and the end with them", async () => {
  const room = new Room();
  room.held.set("a", [event(1, "other1"), event(2, "other2"), event(3, "a1")]);
  const { outbox: box, told } = outbox(room);
  void add(box, "a", 1, 2, 3);
  void box.add("a", [{ kind: "submit", body: submission(3) }]);
  assert.equal(await box.drain(), true);
  assert.deepEqual(room.held.get("a")?.map((one) => `${one.seq}${one.event_id}`), ["1other1", "2other2", "3a1", "4a2", "5a3"]);
  assert.deepEqual(room.ends, [["a", 5]]);
  assert.deepEqual(told, ["renumbered a"]);
});

test("work that is refused stands in nobody's way, and is kept until it is thrown away", async () => {
  const room = new Room();
  const { outbox: box } = outbox(room);
  room.trouble = new Refused(409, "not_open", "it is submitted", {});
  await add(box, "a", 1);
  await box.drain();
  room.trouble = null;
  await add(box, "b", 1);
  assert.equal(await box.drain(), false);
  assert.deepEqual(room.seqs("b"), [1]);
  assert.deepEqual(box.standing().refused, [{ assignment: "a", why: "it is submitted", count: 1 }]);
  await box.discard("a");
  assert.equal(box.standing().waiting, 0);
});

test("an end that comes too early is taken back and told", async () => {
  const room = new Room();
  const { outbox: box, told } = outbox(room);
  await add(box, "a", 1);
  await box.drain();
  room.trouble = new Refused(422, "not_finished", "step 2 is not rated yet", {});
  await box.add("a", [{ kind: "submit", body: submission(1) }]);
  assert.equal(await box.drain(), true);
  assert.deepEqual(told, ["rejected a step 2 is not rated yet"]);
});

test("who is signed out keeps all; another person's things are not sent", async () => {
  const room = new Room();
  const store = new MemoryStore();
  const { outbox: box } = outbox(room, store);
  room.trouble = new Refused(401, "not_signed_in", "who are you?", {});
  await add(box, "a", 1);
  await box.drain();
  assert.equal(box.standing().state, "signed_out");
  room.trouble = null;
  const other = outbox(room, store, "bea").outbox;
  await other.load();
  assert.equal(await other.drain(), true);
  assert.equal(other.standing().foreign, 1);
  assert.deepEqual(room.seqs("a"), []);
});

test("a disk that is full does not keep things from the server", async () => {
  class Full extends MemoryStore {
    override put(): Promise<void> {
      return Promise.reject(new Error("quota"));
    }
  }
  const room = new Room();
  const { outbox: box } = outbox(room, new Full());
  await add(box, "a", 1);
  assert.equal(await box.drain(), true);
  assert.deepEqual(room.seqs("a"), [1]);
  assert.equal(box.standing().keeps, false);
});
