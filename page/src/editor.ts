// Where the rater writes a step: the text below, as it will look above.

import { el } from "./dom.ts";
import { show } from "./math.ts";
import { button } from "./rating.ts";

export class Editor {
  readonly element: HTMLElement;
  private readonly box: HTMLTextAreaElement;
  private readonly preview = el("div", { class: "text preview", "aria-label": "Preview", "aria-live": "off" });

  /** @param use - Called with the text when it is to continue the solution. */
  constructor(private readonly use: (text: string) => void) {
    this.box = el("textarea", {
      rows: 3,
      maxlength: 20000,
      "aria-label": "Your step",
      placeholder: "One idea, such that you would rate it Great. Formulas between dollars: $x^2$",
      oninput: () => this.draw(),
      onkeydown: (event: KeyboardEvent) => {
        if (event.key === "Enter" && event.ctrlKey) this.done();
      },
    });
    this.element = el("div", { class: "editor", hidden: true }, this.preview, this.box, button("Use my step", "Ctrl+⏎", () => this.done(), "primary"));
    this.draw();
  }

  focus(): void {
    this.box.focus();
  }

  clear(): void {
    this.box.value = "";
    this.draw();
  }

  private draw(): void {
    if (this.box.value.trim()) show(this.preview, this.box.value);
    else this.preview.replaceChildren(el("span", { class: "quiet" }, "Your step will look like this."));
  }

  private done(): void {
    const text = this.box.value.trim();
    if (text) this.use(text);
    else this.box.focus();
  }
}
