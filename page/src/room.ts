// What a view of the work may ask of the page around it.

import type { Finish, Assignment, Me, Option, Said } from "./types.ts";
import type { Action } from "./keys.ts";
import type { Draft } from "./state.ts";

export interface Room {
  readonly me: Me;
  readonly assignment: Assignment;
  readonly draft: Draft;
  /** Does something: it holds at once, is kept, and sent when that is possible. */
  say(said: Said[]): void;
  /** The key for an action as it is shown; empty if it has none. */
  keyFor(action: Action): string;
  /** Texts for a step, from the server, after all that was done has arrived there. */
  alternatives(step: number): Promise<Option[]>;
  /** Draws everything again, e.g. when something came from the server. */
  draw(): void;
}

/** The right-hand side of the page: what is rated. */
export interface View {
  readonly element: HTMLElement;
  draw(): void;
  /** Does what a key asks; false if it is not the view's to do. */
  act(action: Action): boolean;
  /** A digit was pressed, which may mean something other than its action here. */
  digit?(value: number): boolean;
  /** How the work would end now, or why it cannot. */
  ending(): { finish: Finish } | { why: string };
  /** How far it is: "7 of 19". */
  progress(): string;
  /** Puts the cursor where work goes on. */
  enter(): void;
}
