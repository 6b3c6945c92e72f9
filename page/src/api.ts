// Asks the server.
//
// A request that got no answer is Unreachable; one that was answered with "no" is
// Refused.

import type { Assignment, Claim, Event, Keymap, Me, Option, Recent, Submission } from "./types.ts";

/** The server did not answer, or answered that it cannot now. */
export class Unreachable extends Error {}

/** The server answered no. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly type: string,
    message: string,
    readonly body: Record<string, unknown>,
  ) {
    super(message);
  }
}

const LATER = new Set([408, 425, 429, 500, 502, 503, 504, 507]);
const LONGEST = 25_000;

/** Asks, and reads the answer. */
export async function ask<T>(method: string, path: string, body?: unknown): Promise<T> {
  const given = body === undefined ? {} : { body: JSON.stringify(body) };
  let answer: Response;
  let text: string;
  try {
    answer = await fetch(`/api/v1${path}`, {
      method,
      ...given,
      headers: { "X-Surefoot": "1", Accept: "application/json", ...(body === undefined ? {} : { "Content-Type": "application/json" }) },
      credentials: "same-origin",
      cache: "no-store",
      signal: AbortSignal.timeout(LONGEST),
    });
    text = await answer.text();
  } catch (error) {
    throw new Unreachable(error instanceof Error ? error.message : String(error));
  }
  if (answer.ok) return (text ? JSON.parse(text) : null) as T;
  const problem = parsed(text);
  const said = String(problem["detail"] ?? problem["title"] ?? answer.statusText);
  const type = String(problem["type"] ?? "").split(/[/:#]/).at(-1) ?? "";
  if (LATER.has(answer.status) && type !== "no_generator") throw new Unreachable(said);
  throw new Refused(answer.status, type, said, problem);
}

function parsed(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

const post = <T>(path: string, body: unknown = {}): Promise<T> => ask<T>("POST", path, body);
const at = (id: string): string => `/assignments/${encodeURIComponent(id)}`;

/** Stands for this opening of the page. */
const SESSION = uuid();

export interface Receipt {
  acked: string[];
  last_seq: number;
}

export const api = {
  signIn: (secret: string) => post<null>("/session", { secret }),
  signOut: () => ask<null>("DELETE", "/session"),
  me: () => ask<Me>("GET", "/me"),
  recent: () => ask<Recent[]>("GET", "/me/recent"),
  keymap: (keymap: Keymap) => ask<unknown>("PUT", "/me/keymap", keymap),
  claim: (count: number) => post<Claim>("/assignments/claim", { count }),
  events: (id: string, events: Event[]) => post<Receipt>(`${at(id)}/events`, { session_id: SESSION, events }),
  submit: (id: string, submission: Submission) => post<{ me?: Me }>(`${at(id)}/submit`, submission),
  release: (id: string, reason: string) => post<unknown>(`${at(id)}/release`, { reason }),
  look: (id: string) => ask<Assignment>("GET", at(id)),
  reopen: (id: string) => post<Assignment>(`${at(id)}/reopen`),
  heartbeat: (id: string) => post<unknown>(`${at(id)}/heartbeat`),
  alternatives: (id: string, step: number) => post<{ candidates: Option[] }>(`${at(id)}/alternatives`, { step }),
};

/** A random UUID; also where the page does not come over a secure connection. */
export function uuid(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
