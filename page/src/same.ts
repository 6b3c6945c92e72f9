// Marks a selected word wherever else it stands.
//
// So a quantity can be followed through a solution. The marks are the browser's
// own; the page's nodes stay as they are.

const LONGEST = 40;
const MOST = 500;

/** Follows the selection from now on, where the browser can mark ranges. */
export function watchSelection(): void {
  if (!("highlights" in CSS)) return;
  let isDue = false;
  document.addEventListener("selectionchange", () => {
    if (isDue) return;
    isDue = true;
    requestAnimationFrame(() => {
      isDue = false;
      mark();
    });
  });
}

function mark(): void {
  CSS.highlights.delete("same");
  const selection = document.getSelection();
  const word = selection?.toString().trim() ?? "";
  const isWord = word.length > 0 && word.length <= LONGEST && !/\s/.test(word);
  if (!isWord || !(selection?.anchorNode?.parentElement?.closest(".text") ?? null)) return;
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
    const range = document.createRange();
    range.setStart(node, at);
    range.setEnd(node, at + word.length);
    ranges.push(range);
  }
}

function isLetter(letter: string | undefined): boolean {
  return letter !== undefined && /[\p{L}\p{N}]/u.test(letter);
}
