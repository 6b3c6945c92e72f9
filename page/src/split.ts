// Splits a text into words, formulas and figures.
//
// Nothing is lost: the `source` of the pieces, put together, is the text.

export type Piece =
  | { kind: "text"; text: string; source: string }
  | { kind: "math"; tex: string; display: boolean; source: string }
  | { kind: "figure"; source: string };

const ENVIRONMENTS =
  /^\\begin\{((?:align|alignat|equation|gather|eqnarray|multline|flalign|split|array|cases|[pbvBV]?matrix)\*?)\}/;

/** A closing dollar further away than this belongs to another one. */
const LONGEST = 4000;

/**
 * The pieces of a text, in order.
 *
 * Formulas are `$..$`, `$$..$$`, `\(..\)`, `\[..\]` and displayed environments.
 * A lone dollar is money: as in pandoc, an opening one has no space after it, a
 * closing one no space before it and no digit after it, and no empty line lies
 * between. A formula padded with spaces (`$ x^2 $`) counts if it holds a
 * backslash, `^`, `_` or `=`, which prices do not; a digit may follow one that
 * holds a command (`$\{$12`). `\$` is a dollar.
 */
export function split(text: string): Piece[] {
  const pieces: Piece[] = [];
  let words = "";
  let from = 0;
  const flush = (to: number): void => {
    if (to > from) pieces.push({ kind: "text", text: words, source: text.slice(from, to) });
    words = "";
  };
  let at = 0;
  while (at < text.length) {
    const found = special(text, at);
    if (found) {
      flush(at);
      pieces.push(found);
      at += found.source.length;
      from = at;
    } else if (text[at] === "\\" && at + 1 < text.length) {
      const next = text[at + 1];
      words += next === "$" ? "$" : `\\${next}`;
      at += 2;
    } else {
      words += text[at];
      at += 1;
    }
  }
  flush(text.length);
  return pieces;
}

function special(text: string, at: number): Piece | null {
  switch (text[at]) {
    case "$":
      return text[at + 1] === "$" ? (between(text, at, "$$", "$$", true) ?? null) : dollars(text, at);
    case "[":
      return figure(text, at);
    case "\\":
      if (text[at + 1] === "(") return between(text, at, "\\(", "\\)", false);
      if (text[at + 1] === "[") return between(text, at, "\\[", "\\]", true);
      return text.startsWith("\\begin{", at) ? environment(text, at) : null;
    default:
      return null;
  }
}

function between(text: string, at: number, open: string, close: string, display: boolean): Piece | null {
  const start = at + open.length;
  for (let end = start; end < text.length; end++) {
    if (text.startsWith(close, end)) {
      const tex = text.slice(start, end);
      if (!tex.trim()) return null;
      return { kind: "math", tex, display, source: text.slice(at, end + close.length) };
    }
    if (text[end] === "\\") end++; // whatever follows is escaped
  }
  return null;
}

function environment(text: string, at: number): Piece | null {
  const name = ENVIRONMENTS.exec(text.slice(at, at + 40))?.[1];
  if (!name) return null;
  const close = `\\end{${name}}`;
  const end = text.indexOf(close, at);
  if (end < 0) return null;
  const source = text.slice(at, end + close.length);
  return { kind: "math", tex: source, display: true, source };
}

function figure(text: string, at: number): Piece | null {
  if (!/^\[asy\]/i.test(text.slice(at, at + 5))) return null;
  const end = text.toLowerCase().indexOf("[/asy]", at);
  return end < 0 ? null : { kind: "figure", source: text.slice(at, end + 6) };
}

/** `$..$`: the first closing dollar outside braces, or failing that the first. */
function dollars(text: string, at: number): Piece | null {
  let depth = 0;
  let sign = 0; // of what prices do not hold: 1 is =, ^ or _, 2 a command
  let inside: number | null = null; // a dollar within braces, as in \text{if $x$}
  const limit = Math.min(text.length, at + LONGEST);
  for (let end = at + 1; end < limit; end++) {
    const letter = text[end] ?? "";
    if (letter === "$") {
      if (!closes(text, at, end, sign)) continue;
      if (depth <= 0) return inline(text, at, end);
      inside ??= end;
    } else if (letter === "\\") {
      sign = text[end + 1] === "$" ? sign : 2;
      end++;
    } else if (letter === "{") depth++;
    else if (letter === "}") depth--;
    else if (letter === "\n" && /^\n[ \t]*\n/.test(text.slice(end, end + 40))) break;
    else if (letter === "^" || letter === "_" || letter === "=") sign = Math.max(sign, 1);
  }
  return inside === null ? null : inline(text, at, inside);
}

function closes(text: string, at: number, end: number, sign: number): boolean {
  if (end === at + 1) return false;
  const isPadded = isBlank(text.charCodeAt(at + 1)) || isBlank(text.charCodeAt(end - 1));
  const after = text.charCodeAt(end + 1);
  if (after >= 48 && after <= 57) return sign === 2 && !isPadded; // a digit
  return sign > 0 || !isPadded;
}

function isBlank(code: number): boolean {
  return code === 32 || (code >= 9 && code <= 13) || code === 0xa0;
}

function inline(text: string, at: number, end: number): Piece {
  return { kind: "math", tex: text.slice(at + 1, end), display: false, source: text.slice(at, end + 1) };
}
