// Marks a word wherever else it stands: the selected one, or a quantity under the pointer.
//
// So a number can be followed through a solution. The marks are the browser's own;
// the page's nodes stay as they are.

const LONGEST = 40;
const MOST = 500;
/** The pointer rests on a word that is meant; it runs over others. */
const REST_MS = 120;

/** Follows the selection and the pointer from now on, where the browser can mark ranges. */
export function watchWords(): void {
  if (!("highlights" in CSS)) return;
  let isDue = false;
  document.addEventListener("selectionchange", () => {
    if (isDue) return;
    isDue = true;
    requestAnimationFrame(() => {
      isDue = false;
      mark(selected());
    });
  });
  let timer: ReturnType<typeof setTimeout> | undefined;
  let shown = "";
  document.addEventListener(
    "pointermove",
    ({ clientX, clientY, pointerType }) => {
      clearTimeout(timer);
      if (pointerType !== "mouse") return;
      timer = setTimeout(() => {
        const word = selected() ? shown : quantityAt(clientX, clientY);
        if (word !== shown) mark((shown = word));
      }, REST_MS);
    },
    { passive: true },
  );
}

/** The selected word; empty if the selection is none. */
function selected(): string {
  const selection = document.getSelection();
  const word = selection?.toString().trim() ?? "";
  const isWord = word.length > 0 && word.length <= LONGEST && !/\s/.test(word);
  return isWord && selection?.anchorNode?.parentElement?.closest(".text") ? word : "";
}

/** The number, the letter of a formula or the long word at a point; short words are everywhere. */
function quantityAt(x: number, y: number): string {
  const place = caretAt(x, y);
  if (!place || !(place.node instanceof Text)) return "";
  const parent = place.node.parentElement;
  if (!parent?.closest(".text") || parent.closest(".katex-mathml")) return "";
  for (const found of place.node.data.matchAll(/\p{N}+(?:[.,]\p{N}+)*|\p{L}+/gu)) {
    if (place.offset < found.index || place.offset > found.index + found[0].length) continue;
    const word = found[0];
    const isWorth = /\p{N}/u.test(word) || word.length >= 4 || parent.closest(".katex") !== null;
    return isWorth && word.length <= LONGEST && isOver(place.node, found.index, word.length, x, y) ? word : "";
  }
  return "";
}

function caretAt(x: number, y: number): { node: Node; offset: number } | null {
  if ("caretPositionFromPoint" in document) {
    const at = document.caretPositionFromPoint(x, y);
    return at && { node: at.offsetNode, offset: at.offset };
  }
  const range = (document as Document).caretRangeFromPoint(x, y); // Safari has only this one
  return range && { node: range.startContainer, offset: range.startOffset };
}

/** The place that a browser names may be beside the point. */
function isOver(node: Text, from: number, length: number, x: number, y: number): boolean {
  const box = rangeOf(node, from, length).getBoundingClientRect();
  return x >= box.left && x <= box.right && y >= box.top && y <= box.bottom;
}

function mark(word: string): void {
  CSS.highlights.delete("same");
  if (!word) return;
  const ranges: Range[] = [];
  for (const text of document.querySelectorAll(".text")) {
    const walker = document.createTreeWalker(text, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node && ranges.length < MOST; node = walker.nextNode()) {
      // KaTeX writes each formula twice; one of them is for screen readers.
      if (!node.parentElement?.closest(".katex-mathml")) find(node as Text, word, ranges);
    }
  }
  if (ranges.length > 1) CSS.highlights.set("same", new Highlight(...ranges));
}

function find(node: Text, word: string, ranges: Range[]): void {
  for (let at = node.data.indexOf(word); at >= 0; at = node.data.indexOf(word, at + word.length)) {
    const isInside = isLetter(word[0]) && isLetter(node.data[at - 1]);
    if (isInside || (isLetter(word.at(-1)) && isLetter(node.data[at + word.length]))) continue;
    ranges.push(rangeOf(node, at, word.length));
  }
}

function rangeOf(node: Text, from: number, length: number): Range {
  const range = document.createRange();
  range.setStart(node, from);
  range.setEnd(node, from + length);
  return range;
}

function isLetter(letter: string | undefined): boolean {
  return letter !== undefined && /[\p{L}\p{N}]/u.test(letter);
}
