// Questions whose answer is known, and the screening.

import { el } from "../dom.ts";
import { count, percent, stepName } from "./numbers.ts";
import { server } from "./server.ts";
import { table } from "./table.ts";
import { link, type View } from "./view.ts";

export const quality: View = async () => {
  const { questions, screening } = await server.quality();
  const said = (rows: { first_error: number | null; n: number }[]): string => rows.map((row) => `${row.n} × ${stepName(row.first_error)}`).join(", ");
  return [
    el("p", {}, "A question that most people get wrong is probably wrong itself, or has more than one answer. Such questions come first; open one to withdraw it."),
    table(
      "Gold and screening questions",
      [{ head: "Question", tight: true }, { head: "Problem", wide: true }, "Right is", { head: "Right", number: true }, { head: "Answers", number: true }, "Said", "State"],
      questions.map((one) => [
        link(`task/${one.task_id}`, `${one.kind} ${one.task_id}`),
        el("span", { class: "start" }, one.statement_start),
        one.acceptable.map(stepName).join(", ") || "–",
        one.answers ? percent(one.right / one.answers) : "–",
        count(one.answers),
        said(one.said) || "–",
        one.is_doubtful ? el("b", { class: "warn" }, "look at it") : one.state,
      ]),
      "There are none; the command surefoot label gold takes them in.",
    ),
    table(
      screening.questions ? `Screening: ${screening.questions} questions, ${screening.pass_mark} right answers pass` : "Screening",
      ["Name", { head: "Right", number: true }, { head: "Answered", number: true }, "State"],
      screening.people.map((one) => [one.name, count(one.right), count(one.answered), one.state]),
      screening.questions ? "Nobody has taken it yet." : "There are no screening questions; everybody who is invited may work.",
    ),
    screening.chances.length
      ? table("Who would pass", [{ head: "Right on so many questions" }, { head: "passes with a chance of", number: true }], screening.chances.map((one) => [percent(one.accuracy), percent(one.passes)]))
      : null,
  ];
};
