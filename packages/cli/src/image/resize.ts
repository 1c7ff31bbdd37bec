import { InvalidArgumentError } from 'commander';
import { FileError } from '../exit-codes.ts';
import { emptySamples, maxPixels, type Picture } from './picture.ts';

/** A step that scales a picture; with `antialias` as {@link resize} says. */
export type Resize = (picture: Picture, antialias: boolean) => Picture;

/**
 * Parses what `--resize` is told: `WxH` pixels, or `N`, which the shorter side becomes, the longer one in
 * proportion, rounded down.
 *
 * @throws {InvalidArgumentError} if the text is neither.
 */
export function parseResize(text: string): Resize {
  const size = /^([1-9]\d{0,4})(?:x([1-9]\d{0,4}))?$/.exec(text);
  if (size === null) throw new InvalidArgumentError('expected WxH, as 224x224, or N, as 256.');
  const first = Number(size[1]);
  if (size[2] !== undefined) {
    const height = Number(size[2]);
    return (picture, antialias) => resize(picture, first, height, antialias);
  }
  return (picture, antialias) => {
    const shorter = Math.min(picture.width, picture.height);
    const scaled = (length: number): number => Math.floor((length * first) / shorter);
    return resize(picture, scaled(picture.width), scaled(picture.height), antialias);
  };
}

/**
 * Scales a picture by bilinear interpolation, centres of pixels at half coordinates.
 *
 * With `antialias`, to the bit as Pillow's BILINEAR and so torchvision's: when a picture shrinks, every pixel
 * of it counts. Without, as OpenCV's INTER_LINEAR: at most four pixels count, and a result may differ from
 * OpenCV's, which computes with fewer digits, by one.
 *
 * @throws {FileError} if the result had more than {@link maxPixels} pixels.
 */
export function resize(
  picture: Picture,
  width: number,
  height: number,
  antialias: boolean,
): Picture {
  if (width * height > maxPixels || width * picture.height > maxPixels)
    throw new FileError(
      `the picture would have ${width} x ${height} pixels, of at most ${maxPixels}: give --resize less`,
    );
  const { channels } = picture;
  // Pillow rounds after each direction, OpenCV only at the end.
  const store = antialias
    ? (count: number) => emptySamples(picture, count)
    : (count: number) => new Float64Array(count);
  const across = scaleLines(
    picture.samples,
    store(width * picture.height * channels),
    {
      count: picture.height,
      apart: { from: picture.width * channels, to: width * channels },
      step: channels,
      channels,
    },
    tapsOf(picture.width, width, antialias),
  );
  const samples = scaleLines(
    across,
    emptySamples(picture, width * height * channels),
    { count: width, apart: { from: channels, to: channels }, step: width * channels, channels },
    tapsOf(picture.height, height, antialias),
  );
  return { width, height, channels, samples };
}

/** Which neighbouring samples make up one of the result, and how much each counts. */
interface Tap {
  readonly first: number;
  /** Multiples of 2^-22, as in Pillow, whose sums are then exact. */
  readonly weights: readonly number[];
}

const unit = 2 ** 22;

function tapsOf(from: number, to: number, antialias: boolean): Tap[] {
  const scale = from / to;
  const reach = antialias ? Math.max(1, scale) : 1;
  return Array.from({ length: to }, (_, at) => {
    const centre = (at + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - reach + 0.5));
    const end = Math.min(from, Math.trunc(centre + reach + 0.5));
    const weights = Array.from({ length: end - first }, (_each, index) =>
      Math.max(0, 1 - Math.abs((first + index - centre + 0.5) * (1 / reach))),
    );
    const sum = weights.reduce((total, weight) => total + weight, 0);
    return { first, weights: weights.map((weight) => Math.round((weight / sum) * unit)) };
  });
}

/** The lines, rows or columns, that are scaled, as places of samples. */
interface Lines {
  readonly count: number;
  /** From a line to the next, in what is read and in what is written. */
  readonly apart: { readonly from: number; readonly to: number };
  /** From a sample to the next of its line. */
  readonly step: number;
  readonly channels: number;
}

/** Scales every line. An array of integers is given rounded samples. */
function scaleLines<To extends Uint8Array | Uint16Array | Float64Array>(
  from: Uint8Array | Uint16Array | Float64Array,
  to: To,
  { count, apart, step, channels }: Lines,
  taps: readonly Tap[],
): To {
  const largest = to instanceof Uint8Array ? 255 : 65_535;
  for (let line = 0; line < count; line += 1)
    for (const [at, { first, weights }] of taps.entries())
      for (let channel = 0; channel < channels; channel += 1) {
        let sum = 0;
        let place = line * apart.from + first * step + channel;
        for (const weight of weights) {
          sum += from[place]! * weight;
          place += step;
        }
        const sample = sum / unit;
        to[line * apart.to + at * step + channel] =
          to instanceof Float64Array ? sample : Math.min(largest, Math.floor(sample + 0.5));
      }
  return to;
}
