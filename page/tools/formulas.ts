// How many formulas of real texts cannot be rendered: reads texts as JSON strings,
// one a line, writes {"formulas": n, "failures": [{"source", "why"}]}.

import { createInterface } from "node:readline";
import { objection } from "../src/math.ts";
import { split } from "../src/split.ts";

const known = new Map<string, string | null>();
const failures: { source: string; why: string }[] = [];
let formulas = 0;
let dollars = 0;

for await (const line of createInterface({ input: process.stdin })) {
  for (const piece of split(JSON.parse(line) as string)) {
    if (piece.kind === "text" && piece.source.replaceAll("\\$", "").includes("$")) dollars += 1;
    if (piece.kind !== "math") continue;
    formulas += 1;
    const key = `${piece.display} ${piece.tex}`;
    let why = known.get(key);
    if (why === undefined) known.set(key, (why = objection(piece.tex, piece.display)));
    if (why !== null) failures.push({ source: piece.source, why });
  }
}
console.log(JSON.stringify({ formulas, distinct: known.size, dollars, failures }));
