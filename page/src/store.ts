// Where unsent things are kept: the browser's database.
//
// Or, where it has none for us, memory.

import type { Event, Submission } from "./types.ts";

/** Something to send, in the order of `n`. */
export type Entry = { n: number; labeler: string; assignment: string } & (
  | { kind: "event"; body: Event }
  | { kind: "submit"; body: Submission }
  | { kind: "release"; body: { reason: string } }
);

export interface Store {
  /** Whether what is put survives the closing of the browser. */
  readonly keeps: boolean;
  all(): Promise<Entry[]>;
  /** Adds or replaces, all or none; done when it is on the disk. */
  put(entries: Entry[]): Promise<void>;
  remove(numbers: number[]): Promise<void>;
}

export class MemoryStore implements Store {
  readonly keeps = false;
  private readonly held = new Map<number, Entry>();

  all(): Promise<Entry[]> {
    return Promise.resolve([...this.held.values()].sort((a, b) => a.n - b.n));
  }

  put(entries: Entry[]): Promise<void> {
    for (const entry of entries) this.held.set(entry.n, entry);
    return Promise.resolve();
  }

  remove(numbers: number[]): Promise<void> {
    for (const n of numbers) this.held.delete(n);
    return Promise.resolve();
  }
}

const TABLE = "outbox";

class DiskStore implements Store {
  readonly keeps = true;

  constructor(private readonly database: IDBDatabase) {}

  all(): Promise<Entry[]> {
    return new Promise((resolve, reject) => {
      const asked = this.database.transaction(TABLE).objectStore(TABLE).getAll() as IDBRequest<Entry[]>;
      asked.onsuccess = () => resolve(asked.result);
      asked.onerror = () => reject(asked.error ?? new Error("cannot be read"));
    });
  }

  put(entries: Entry[]): Promise<void> {
    return this.write((table) => entries.forEach((entry) => table.put(entry)));
  }

  remove(numbers: number[]): Promise<void> {
    return this.write((table) => numbers.forEach((n) => table.delete(n)));
  }

  private write(change: (table: IDBObjectStore) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      // Strict: the transaction ends when it is on the disk, not before.
      const transaction = this.database.transaction(TABLE, "readwrite", { durability: "strict" });
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error ?? new Error("was not stored"));
      change(transaction.objectStore(TABLE));
    });
  }
}

/** The browser's database; memory where there is none, e.g. in a private window. */
export function openStore(name = "surefoot"): Promise<Store> {
  return new Promise((resolve) => {
    const give = (): void => resolve(new MemoryStore());
    try {
      const asked = indexedDB.open(name, 1);
      asked.onupgradeneeded = () => asked.result.createObjectStore(TABLE, { keyPath: "n" });
      asked.onsuccess = () => resolve(new DiskStore(asked.result));
      asked.onerror = give;
      asked.onblocked = give;
    } catch {
      give();
    }
  });
}
