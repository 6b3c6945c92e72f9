// Small drawings, made of shapes; what they show is said in words, too.

import { el } from "../dom.ts";

const SPACE = "http://www.w3.org/2000/svg";
const WIDTH = 640;
const HEIGHT = 150;
const FLOOR = HEIGHT - 22;
const CEILING = 18;

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

function figure(title: string, said: string, shapes: SVGElement[]): HTMLElement {
  const svg = shape("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": `${title}: ${said}`, class: "chart" });
  svg.append(shape("line", { x1: 0, y1: FLOOR, x2: WIDTH, y2: FLOOR, class: "axis" }), ...shapes);
  return el("figure", { class: "part" }, el("figcaption", {}, title), svg as unknown as HTMLElement);
}

const ends = (items: Bar[]): SVGElement[] => [
  shape("text", { x: 0, y: HEIGHT - 5 }, items[0]?.label ?? ""),
  ...(items.length > 1 ? [shape("text", { x: WIDTH, y: HEIGHT - 5, "text-anchor": "end" }, items.at(-1)?.label ?? "")] : []),
];

/** Bars side by side. */
export function bars(title: string, items: Bar[]): HTMLElement {
  const top = Math.max(1, ...items.map((item) => item.value));
  const step = WIDTH / Math.max(items.length, 14);
  const drawn = items.map((item, i) => {
    const height = ((FLOOR - CEILING) * item.value) / top;
    const bar = shape("rect", { x: i * step + step * 0.1, y: FLOOR - height, width: step * 0.8, height, class: "bar-shape" });
    bar.append(shape("title", {}, `${item.label}: ${item.value}`));
    return bar;
  });
  const last = items.at(-1);
  const said = last ? `at most ${top} in a day; ${last.value} on ${last.label}` : "nothing yet";
  return figure(title, said, [...drawn, shape("text", { x: 0, y: 12 }, `${top}`), ...ends(items)]);
}

/** A line that rises towards a goal. */
export function progress(title: string, items: Bar[], goal: number): HTMLElement {
  const top = Math.max(1, goal, ...items.map((item) => item.value));
  const x = (i: number): number => (items.length > 1 ? (i * WIDTH) / (items.length - 1) : 0);
  const y = (value: number): number => FLOOR - ((FLOOR - CEILING) * value) / top;
  const points = items.map((item, i) => `${x(i).toFixed(1)},${y(item.value).toFixed(1)}`).join(" ");
  const area = items.length > 1 ? [shape("polygon", { points: `0,${FLOOR} ${points} ${WIDTH},${FLOOR}`, class: "area" }), shape("polyline", { points, class: "line" })] : [];
  const last = items.at(-1);
  return figure(title, `${last?.value ?? 0} of ${goal}`, [
    ...area,
    shape("line", { x1: 0, y1: y(goal), x2: WIDTH, y2: y(goal), class: "goal" }),
    shape("text", { x: 0, y: 12 }, `wanted: ${goal}`),
    ...ends(items),
  ]);
}
