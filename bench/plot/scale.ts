/** From figures to pixels along one axis. */
export interface Scale {
  readonly toPixels: (value: number) => number;
  /** Where the axis has marks. */
  readonly ticks: readonly number[];
}

/** A linear scale from 0 to at least `most`, with round marks. */
export function scaleUpTo(most: number, fromPixels: number, toPixels: number): Scale {
  const step = roundStep((most > 0 ? most : 1) / 4);
  const end = Math.max(Math.ceil(most / step), 1) * step;
  const ticks = Array.from({ length: Math.round(end / step) + 1 }, (_, at) => at * step);
  return {
    ticks,
    toPixels: (value) => fromPixels + (value / end) * (toPixels - fromPixels),
  };
}

/** A mark as text: as many digits as it takes. */
export function formatTick(value: number): string {
  return String(Number(value.toPrecision(6)));
}

/** 1, 2 or 5 times a power of ten, not under the step that is given. */
function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= least * 0.999)!;
}
