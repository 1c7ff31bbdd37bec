import type { Plot } from './plot.ts';
import { formatTick, scaleUpTo } from './scale.ts';
import { colours, grey, ink, Svg } from './svg.ts';

/** Curves over one axis. */
export interface Lines {
  readonly name: string;
  readonly title: string;
  readonly xUnit: string;
  readonly yUnit: string;
  readonly curves: readonly {
    readonly label: string;
    readonly points: readonly (readonly [x: number, y: number])[];
  }[];
}

const width = 760;
const height = 300;
const left = 60;
const right = 20;
const top = 60;
const bottom = 250;

/** Draws curves from 0 in both directions. */
export function plotLines({ name, title, xUnit, yUnit, curves }: Lines): Plot {
  const points = curves.flatMap((curve) => curve.points);
  const x = scaleUpTo(Math.max(...points.map(([at]) => at), 0), left, width - right);
  const y = scaleUpTo(Math.max(...points.map(([, value]) => value), 0), bottom, top);
  const svg = new Svg(width, height).text(10, 22, title, 'start', 15);
  for (const [at, { label }] of curves.entries()) {
    const labelX = left + at * Math.min(170, (width - left - right) / curves.length);
    svg.rectangle(labelX, 36, 11, 11, colours[at % colours.length]!).text(labelX + 16, 46, label);
  }
  for (const tick of y.ticks) {
    const at = y.toPixels(tick);
    svg.line(left, at, width - right, at, grey).text(left - 6, at + 4, formatTick(tick), 'end', 11);
  }
  for (const tick of x.ticks) {
    const at = x.toPixels(tick);
    svg.line(at, bottom, at, bottom + 4, ink);
    svg.text(at, bottom + 17, formatTick(tick), 'middle', 11);
  }
  svg.line(left, bottom, width - right, bottom, ink);
  svg.text((left + width - right) / 2, bottom + 36, xUnit, 'middle', 11);
  svg.text(left - 50, top - 8, yUnit, 'start', 11);
  for (const [at, curve] of curves.entries()) {
    const drawn = curve.points.map(([px, py]) => [x.toPixels(px), y.toPixels(py)] as const);
    if (drawn.length > 0) svg.path(drawn, colours[at % colours.length]!);
  }
  return { name, svg: svg.encode() };
}
