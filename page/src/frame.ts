// What stands around the work: the bar above, the problem at the left, the bar below.

import { el, say, set } from "./dom.ts";
import type { Action } from "./keys.ts";
import { show, showRaw } from "./math.ts";
import type { Standing } from "./outbox.ts";
import { button } from "./rating.ts";
import type { Assignment, Finish, Me, Recent } from "./types.ts";

export interface Wishes {
  act(action: Action): void;
  keyFor(action: Action): string;
  reopen(id: string): void;
  note(text: string | null): void;
  signOut(): void;
  discard(assignment: string): void;
  retry(): void;
}

const SUBMITS: Record<Finish, string> = {
  found_error: "Submit: first error found",
  solution: "Submit: no error",
  bad_problem: "Submit",
  give_up: "Submit",
};

const HIDE = "surefoot-hide-answer";
/** Under this the browser remembers which guidelines were read. */
const READ = "surefoot-guidelines";

export class Frame {
  readonly element: HTMLElement;
  readonly place = el("div", { class: "place" });
  readonly note: HTMLTextAreaElement;
  private readonly stats = el("span", { class: "stats" });
  private readonly saved = el("span", { class: "saved", role: "status" });
  private readonly admin = el("span", { class: "admin-link" });
  private readonly banner = el("div", { class: "banner", role: "alert", hidden: true });
  private readonly notices = el("div", { class: "banner notices", role: "status" });
  private readonly statement = el("div", { class: "text statement", tabindex: -1 });
  private readonly answer = el("span", { class: "text" });
  private readonly answerBox: HTMLElement;
  private readonly hideButton: HTMLButtonElement;
  private readonly rawButton: HTMLButtonElement;
  private readonly guidelines: HTMLButtonElement;
  private readonly recent = el("ul", { class: "recent" });
  private readonly submit: HTMLButtonElement;
  private readonly release: HTMLButtonElement;
  private readonly progress = el("span", { class: "progress" });
  private readonly columns: HTMLElement;
  private readonly bar: HTMLElement;
  private assignment: Assignment | null = null;
  private isRaw = false;

  constructor(private readonly wishes: Wishes) {
    const press = (action: Action, label: string, kind = ""): HTMLButtonElement =>
      button(label, wishes.keyFor(action), () => wishes.act(action), kind);
    this.hideButton = press("hide", "Hide", "small");
    this.rawButton = button("raw", "", () => this.toggleRaw(), "small");
    set(this.rawButton, "aria-label", "Raw text of the problem");
    this.guidelines = press("guidelines", "Guidelines");
    this.answerBox = el("p", { class: "answer" }, el("b", {}, "Reference answer"), " ", this.answer, " ", this.hideButton, el("small", { class: "quiet" }, "It may be wrong; judge the steps."));
    this.note = el("textarea", { rows: 2, maxlength: 20000, "aria-label": "Notes", placeholder: "For the project lead; nobody else reads it", onchange: () => wishes.note(this.note.value.trim() || null) });
    const notes = el("label", { class: "notes" }, el("span", {}, "Notes ", el("kbd", {}, wishes.keyFor("note"))), this.note);
    this.submit = press("submit", "Submit", "primary");
    this.release = press("release", "Release");
    this.columns = el(
      "main",
      { class: "columns" },
      el(
        "div",
        { class: "left" },
        el(
          "section",
          { class: "problem", "aria-label": "Problem" },
          el("div", { class: "heading" }, el("h2", {}, "Problem"), this.rawButton),
          this.statement,
          this.answerBox,
          press("bad_problem", "Problem is broken"),
        ),
        el("section", { class: "side", "aria-label": "Notes and recent work" }, notes, this.guidelines, el("h3", {}, "Recent"), this.recent),
      ),
      this.place,
    );
    this.bar = el(
      "footer",
      { class: "bar" },
      this.submit,
      this.progress,
      el("span", { class: "spring" }),
      press("undo", "Undo"),
      press("give_up", "Give up"),
      this.release,
    );
    this.element = el("div", { class: "frame" }, this.top(press), this.banner, this.notices, this.columns, this.bar);
  }

  drawMe(me: Me): void {
    const { stats, screening, project } = me;
    const parts = screening
      ? [`Screening: ${screening.answered} of ${screening.total} done, ${screening.pass_mark} right answers pass`]
      : [me.state === "paused" ? "Paused" : "", `${stats.today} today`, stats.per_hour !== null && project.show_rate ? `${stats.per_hour} ratings/h` : "", `${stats.left} left`];
    say(this.stats, parts.filter(Boolean).join(" · "));
    say(this.element.querySelector(".project") ?? this.stats, project.name);
    say(this.element.querySelector(".who") ?? this.stats, me.name);
    this.admin.replaceChildren(...(me.role === "labeler" ? [] : [el("a", { href: "/admin" }, "Admin")]));
    set(this.release, "hidden", screening !== null); // each question of it has to be answered
    this.drawGuidelines(project.guideline);
  }

  /** Takes note that the guidelines were read. */
  haveRead(guideline: Me["project"]["guideline"]): void {
    localStorage.setItem(READ, String(guideline?.version ?? ""));
    this.drawGuidelines(guideline);
  }

  /** Says something that stays until the rater has seen it. */
  notice(id: string, text: string, label = "Good", press: () => void = () => undefined): void {
    if (this.notices.querySelector(`[data-notice="${id}"]`)) return;
    const line = el("p", { "data-notice": id }, text, " ", button(label, "", () => (line.remove(), press()), "small"));
    this.notices.append(line);
  }

  drawStanding(standing: Standing): void {
    const { state, labels, waiting, refused, foreign, keeps, why } = standing;
    const kept = `${labels} ${labels === 1 ? "label" : "labels"} kept ${keeps ? "on this computer" : "in this tab only"}`;
    const texts = {
      saved: "Saved",
      saving: "Saving …",
      offline: labels ? `Offline, ${kept}` : "Offline",
      signed_out: waiting ? `Signed out, ${kept}` : "Signed out",
    };
    say(this.saved, texts[state]);
    set(this.saved, "data-state", state);
    set(this.saved, "title", why);
    const lines: (HTMLElement | null)[] = [
      keeps ? null : el("p", {}, "This browser keeps nothing: do not close the tab before “Saved” is shown."),
      foreign ? el("p", {}, `${foreign} things that somebody else did wait in this browser for that person to sign in.`) : null,
      state === "signed_out" ? el("p", {}, "You are signed out. Open your invite link again, or ask for a new one; what you did is sent then.") : null,
      ...refused.map(({ assignment, why: reason, count }) =>
        el("p", {}, `The server did not take ${count} changes: ${reason}. `, button("Try again", "", () => this.wishes.retry(), "small"), " ", button("Discard them", "", () => this.wishes.discard(assignment), "small")),
      ),
    ];
    this.alert(...lines.filter((line) => line !== null));
  }

  /** Shows what the rater has to know; nothing hides it. */
  alert(...lines: HTMLElement[]): void {
    const text = lines.map((line) => line.textContent).join("\n");
    if (text !== [...this.banner.children].map((line) => line.textContent).join("\n")) this.banner.replaceChildren(...lines);
    set(this.banner, "hidden", lines.length === 0);
  }

  /** Shows another problem. */
  drawProblem(assignment: Assignment): void {
    this.assignment = assignment;
    this.isRaw = true;
    this.toggleRaw();
    set(this.answerBox, "hidden", assignment.problem.answer === null);
    this.drawAnswer();
    this.note.value = "";
    set(this.columns, "hidden", false);
    set(this.bar, "hidden", false);
  }

  drawBar(ending: { finish: Finish } | { why: string }, progress: string, note: string | null): void {
    const label = "finish" in ending ? SUBMITS[ending.finish] : ending.why;
    say(this.submit.firstChild as unknown as Element, label);
    set(this.submit, "disabled", !("finish" in ending));
    say(this.progress, progress);
    if (document.activeElement !== this.note) this.note.value = note ?? "";
  }

  /** Shows a message where the work was. */
  rest(...inside: Node[]): void {
    set(this.columns, "hidden", false);
    set(this.bar, "hidden", true);
    set(this.columns, "data-rest", "rest");
    this.place.replaceChildren(el("section", { class: "rest", "aria-live": "polite" }, ...inside));
  }

  /** Puts the work in its place. */
  work(view: HTMLElement): void {
    set(this.columns, "data-rest", null);
    this.place.replaceChildren(view);
  }

  drawRecent(recent: Recent[]): void {
    const outcome = (one: Recent): string => {
      if (one.finish_reason === "found_error") return `−1 at step ${(one.first_error ?? 0) + 1}`;
      return { solution: "no error", bad_problem: "broken problem", give_up: "given up" }[one.finish_reason];
    };
    const rows = recent.slice(0, 8).map((one) =>
      el("li", {}, el("button", { type: "button", class: "link", title: "Reopen", onclick: () => this.wishes.reopen(one.assignment_id) }, el("span", { class: "start" }, one.statement_start), el("span", { class: "outcome" }, outcome(one)))),
    );
    this.recent.replaceChildren(...(rows.length ? rows : [el("li", { class: "quiet" }, "What you submit can be reopened here.")]));
  }

  /** Shows or hides the reference answer; remembered in this browser. */
  toggleAnswer(): void {
    if (localStorage.getItem(HIDE)) localStorage.removeItem(HIDE);
    else localStorage.setItem(HIDE, "1");
    this.drawAnswer();
  }

  /** Work that this tab may look at only. */
  freeze(isFrozen: boolean): void {
    set(this.columns, "inert", isFrozen);
    set(this.bar, "inert", isFrozen);
  }

  private drawGuidelines(guideline: Me["project"]["guideline"]): void {
    const read = localStorage.getItem(READ);
    const isNew = !!guideline?.text && read !== String(guideline.version);
    set(this.guidelines, "data-new", isNew ? "new" : null);
    const text = read === null ? "This project has guidelines: read them first." : `The guidelines have changed: this is version ${guideline?.version}.`;
    if (isNew) this.notice("guidelines", text, "Read them", () => this.wishes.act("guidelines"));
    else this.notices.querySelector('[data-notice="guidelines"]')?.remove();
  }

  private drawAnswer(): void {
    const isHidden = localStorage.getItem(HIDE) !== null;
    if (isHidden) this.answer.replaceChildren(el("span", { class: "quiet" }, "hidden"));
    else show(this.answer, this.assignment?.problem.answer ?? "");
    say(this.hideButton.firstChild as unknown as Element, isHidden ? "Show" : "Hide");
  }

  private toggleRaw(): void {
    this.isRaw = !this.isRaw;
    (this.isRaw ? showRaw : show)(this.statement, this.assignment?.problem.statement ?? "");
    set(this.rawButton, "aria-pressed", String(this.isRaw));
  }

  private top(press: (action: Action, label: string, kind?: string) => HTMLButtonElement): HTMLElement {
    return el(
      "header",
      { class: "top" },
      el("h1", {}, "Surefoot"),
      el("span", { class: "project" }),
      this.stats,
      el("span", { class: "spring" }),
      this.saved,
      press("keys", "Keys"),
      this.admin,
      el("span", { class: "who" }),
      button("Sign out", "", () => this.wishes.signOut(), "small"),
    );
  }
}
