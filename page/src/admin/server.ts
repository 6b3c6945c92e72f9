// What leads and administrators ask of the server.

import { api, ask } from "../api.ts";
import type { Agreement, Audit, Disputed, Guideline, Held, Overview, Page, Person, Quality, Report, ReportKind, Settings, Task } from "./types.ts";

const get = <T>(path: string): Promise<T> => ask<T>("GET", `/admin${path}`);
const post = <T>(path: string, body: unknown = {}): Promise<T> => ask<T>("POST", `/admin${path}`, body);
const person = (id: string): string => `/labelers/${encodeURIComponent(id)}`;

export const server = {
  me: api.me,
  signOut: api.signOut,
  overview: () => get<Overview>("/overview"),
  people: () => get<Person[]>("/labelers"),
  agreement: () => get<Agreement>("/agreement"),
  disagreements: (which: string, offset: number, limit: number) => get<Page<Disputed>>(`/disagreements?which=${which}&offset=${offset}&limit=${limit}`),
  task: (id: number) => get<Task>(`/tasks/${id}`),
  reports: (kind: ReportKind, offset: number, limit: number) => get<Page<Report>>(`/reports?kind=${kind}&offset=${offset}&limit=${limit}`),
  quality: () => get<Quality>("/quality"),
  guidelines: () => get<Guideline[]>("/guidelines"),
  settings: () => get<{ name: string; settings: Settings }>("/settings"),
  audit: (action: string, offset: number, limit: number) => get<Audit>(`/audit?offset=${offset}&limit=${limit}${action ? `&action=${encodeURIComponent(action)}` : ""}`),
  invite: (name: string, role: string) => post<{ path: string }>("/invites", { name, role }),
  setState: (id: string, state: string) => post<unknown>(`${person(id)}/state`, { state }),
  setRole: (id: string, role: string) => post<unknown>(`${person(id)}/role`, { role }),
  revoke: (id: string) => post<{ revoked: number }>(`${person(id)}/revoke`),
  decide: (task: number, holds: Held, note: string | null) => post<unknown>(`/disagreements/${task}/adjudicate`, { ...holds, note }),
  ask: (task: number, state: "open" | "withdrawn") => post<unknown>(`/questions/${task}/state`, { state }),
  addGuideline: (text: string) => post<{ version: number }>("/guidelines", { text }),
  change: (changes: Settings) => post<{ settings: Settings }>("/settings", changes),
};
