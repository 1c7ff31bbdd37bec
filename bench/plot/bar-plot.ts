import type { Plot } from './plot.ts';
import { formatTick, scaleUpTo } from './scale.ts';
import { colours, grey, ink, Svg } from './svg.ts';

/** Bars side by side, a group for each subject. */
export interface Bars {
  readonly name: string;
  readonly title: string;
  readonly unit: string;
  /** What the bars of each group are. */
  readonly series: readonly string[];
  readonly groups: readonly { readonly label: string; readonly values: readonly number[] }[];
  /** Drawn across. */
  readonly aim?: { readonly label: string; readonly value: number };
  /** Whether the values of a group are parts of one bar. */
  readonly stacked?: boolean;
}

const left = 170;
const right = 60;
const top = 60;
const barHeight = 16;
const groupGap = 14;
const width = 760;

/** Draws lying bars, since names of models are long. */
export function plotBars({ name, title, unit, series, groups, aim, stacked = false }: Bars): Plot {
  const rows = stacked ? 1 : series.length;
  const groupHeight = rows * barHeight + groupGap;
  const height = top + groups.length * groupHeight + 50;
  const bottom = height - 50;
  const lengths = groups.map(({ values }) =>
    stacked ? values.reduce((sum, value) => sum + value, 0) : Math.max(...values),
  );
  const scale = scaleUpTo(Math.max(...lengths, aim?.value ?? 0), left, width - right);
  const svg = new Svg(width, height).text(10, 22, title, 'start', 15);
  for (const [at, text] of series.entries()) {
    const x = left + at * Math.min(150, (width - left - right) / series.length);
    svg.rectangle(x, 36, 11, 11, colours[at % colours.length]!).text(x + 16, 46, text);
  }
  for (const tick of scale.ticks) {
    const x = scale.toPixels(tick);
    svg.line(x, top - 4, x, bottom, grey).text(x, bottom + 16, formatTick(tick), 'middle', 11);
  }
  svg.text((left + width - right) / 2, bottom + 34, unit, 'middle', 11);
  for (const [at, { label, values }] of groups.entries()) {
    const y = top + at * groupHeight;
    svg.text(left - 8, y + (rows * barHeight) / 2 + 4, label, 'end');
    let x = scale.toPixels(0);
    for (const [row, value] of values.entries()) {
      const length = scale.toPixels(value) - scale.toPixels(0);
      const barY = stacked ? y : y + row * barHeight;
      svg.rectangle(x, barY, length, barHeight - 2, colours[row % colours.length]!);
      if (stacked) x += length;
      else
        svg.text(x + length + 4, barY + 11, formatTick(Number(value.toPrecision(3))), 'start', 10);
    }
  }
  if (aim !== undefined) {
    const x = scale.toPixels(aim.value);
    svg.line(x, top - 4, x, bottom, ink, 1.5).text(x + 4, bottom - 2, aim.label, 'start', 10);
  }
  return { name, svg: svg.encode() };
}
