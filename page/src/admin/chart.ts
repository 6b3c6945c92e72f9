// Small drawings, made of shapes; what they show is said in words, too.

import { el } from "../dom.ts";

const SPACE = "http://www.w3.org/2000/svg";
const WIDTH = 640;
const HEIGHT = 110;

export interface Bar {
  label: string;
  value: number;
}

function shape(tag: string, attributes: Record<string, string | number>, text?: string): SVGElement {
  const made = document.createElementNS(SPACE, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  if (text !== undefined) made.textContent = text;
  return made;
}

/** Words stand beside the drawing, as it is stretched to the place there is. */
function figure(title: string, top: string, items: Bar[], said: string, shapes: SVGElement[]): HTMLElement {
  const svg = shape("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img", "aria-label": `${title}: ${said}` });
  svg.append(...shapes, shape("line", { x1: 0, y1: HEIGHT, x2: WIDTH, y2: HEIGHT, class: "axis" }));
  const ends = el("p", { class: "ends" }, el("span", {}, items[0]?.label ?? ""), el("span", {}, items.length > 1 ? items.at(-1)?.label : ""));
  const drawn = el("div", { class: "chart" }, el("p", {}, top), svg as unknown as HTMLElement, ends);
  return el("figure", { class: "part" }, el("figcaption", {}, title), drawn);
}

/** Bars side by side. */
export function bars(title: string, items: Bar[]): HTMLElement {
  const top = Math.max(1, ...items.map((item) => item.value));
  const step = WIDTH / Math.max(items.length, 1);
  const drawn = items.map((item, i) => {
    const height = (HEIGHT * item.value) / top;
    const bar = shape("rect", { x: i * step + step * 0.1, y: HEIGHT - height, width: step * 0.8, height, class: "bar-shape" });
    bar.append(shape("title", {}, `${item.label}: ${item.value}`));
    return bar;
  });
  const last = items.at(-1);
  return figure(title, `at most ${top}`, items, last ? `at most ${top} in a day; ${last.value} on ${last.label}` : "nothing yet", drawn);
}

/** A line that rises towards a goal. */
export function progress(title: string, items: Bar[], goal: number): HTMLElement {
  const top = Math.max(1, goal, ...items.map((item) => item.value));
  const x = (i: number): number => (items.length > 1 ? (i * WIDTH) / (items.length - 1) : 0);
  const y = (value: number): number => HEIGHT - (HEIGHT * value) / top;
  const points = items.map((item, i) => `${x(i).toFixed(1)},${y(item.value).toFixed(1)}`).join(" ");
  const area = items.length > 1 ? [shape("polygon", { points: `0,${HEIGHT} ${points} ${WIDTH},${HEIGHT}`, class: "area" }), shape("polyline", { points, class: "curve" })] : [];
  const line = shape("line", { x1: 0, y1: y(goal), x2: WIDTH, y2: y(goal), class: "goal" });
  return figure(title, `wanted: ${goal}`, items, `${items.at(-1)?.value ?? 0} of ${goal}`, [...area, line]);
}
