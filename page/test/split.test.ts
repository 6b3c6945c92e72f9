import assert from "node:assert/strict";
import { test } from "node:test";
import { objection } from "../src/math.ts";
import { split } from "../src/split.ts";

/** Formulas in brackets, displayed ones in double brackets, figures in braces. */
function shape(text: string): string {
  const pieces = split(text);
  assert.equal(pieces.map((piece) => piece.source).join(""), text, "nothing is lost");
  return pieces
    .map((piece) => {
      if (piece.kind === "text") return piece.text;
      if (piece.kind === "figure") return `{${piece.source.length}}`;
      return piece.display ? `[[${piece.tex}]]` : `[${piece.tex}]`;
    })
    .join("");
}

const CASES: [string, string][] = [
  ["", ""],
  ["no formula", "no formula"],
  ["$x$ and $y$", "[x] and [y]"],
  ["$$x$$ and \\[y\\] and \\(z\\)", "[[x]] and [[y]] and [z]"],
  ["It costs $5 and $10.", "It costs $5 and $10."],
  ["It costs $5, not $x$.", "It costs [5, not $x]."], // as pandoc reads it
  ["$5-$10", "$5-$10"],
  ["\\$5 and $x$", "$5 and [x]"],
  ["a $ b", "a $ b"],
  ["$ x^2 $", "[ x^2 ]"],
  ["$\\{$12, 14$\\}$", "[\\{]12, 14[\\}]"],
  ["$5 = five, not $10", "$5 = five, not $10"],
  ["$ 5 and 6 $", "$ 5 and 6 $"],
  ["$x = \\$5$", "[x = \\$5]"],
  ["$\\text{if $x$ is}$", "[\\text{if $x$ is}]"],
  ["$\\text{open $x$", "[\\text{open ]x$"],
  ["$a\n\nb$", "$a\n\nb$"],
  ["$a\nb$", "[a\nb]"],
  ["$$", "$$"],
  ["$$$$", "$$$$"],
  ["$$x", "$$x"],
  ["\\[x", "\\[x"],
  ["\\(x\\", "\\(x\\"],
  ["a \\\\[2pt] b", "a \\\\[2pt] b"],
  ["\\begin{align*}a&=b\\end{align*}", "[[\\begin{align*}a&=b\\end{align*}]]"],
  ["\\begin{tabular}x\\end{tabular}", "\\begin{tabular}x\\end{tabular}"],
  ["\\begin{align}", "\\begin{align}"],
  ["[asy]draw();[/asy]$x$", "{18}[x]"],
  ["[asy]draw($x$)", "[asy]draw([x])"],
  ["<b>$x<y$</b>", "<b>[x<y]</b>"],
  ["x\\", "x\\"],
];

for (const [text, wanted] of CASES) {
  test(`splits ${JSON.stringify(text)}`, () => assert.equal(shape(text), wanted));
}

test("nothing is lost of any text", () => {
  const bits = ["$", "$$", "\\", "\\$", "\\[", "\\]", "\\(", "\\)", "{", "}", " ", "\n\n", "5", "x", "[asy]", "[/asy]", "\\begin{align}", "\\end{align}", "𝒳", "<"];
  let seed = 7;
  const next = (n: number): number => (seed = (seed * 48271) % 2147483647) % n;
  for (let round = 0; round < 5000; round++) {
    const text = Array.from({ length: next(12) }, () => bits[next(bits.length)]).join("");
    assert.equal(split(text).map((piece) => piece.source).join(""), text);
  }
});

test("a long line of dollars is split quickly", () => {
  const before = performance.now();
  split("$ ".repeat(10_000));
  split("$x ".repeat(6_000));
  assert.ok(performance.now() - before < 2000);
});

test("what cannot be rendered says why", () => {
  assert.equal(objection("\\frac{1}{2}", false), null);
  assert.match(objection("\\frac{1", false) ?? "", /expected '}'/);
  assert.match(objection("\\def\\x{\\x\\x}\\x", false) ?? "", /Too many expansions/);
  assert.match(objection("a\u202eb", false) ?? "", /cannot be seen/);
});

test("nothing that KaTeX is not trusted with gets through", () => {
  for (const tex of ["\\href{javascript:alert(1)}{x}", "\\includegraphics{http://x/y.png}", "\\htmlId{a}{x}", "\\url{http://x}"]) {
    const why = objection(tex, false);
    assert.ok(why === null || why.length > 0); // shown as text in an error colour, never as a link
  }
});
