import { InvalidArgumentError } from 'commander';
import { UsageError } from '../exit-codes.ts';
import { emptySamples, type Picture } from './picture.ts';

/** Which part of a picture is kept, in pixels from its top left corner. */
interface Part {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** A step that cuts a part out of a picture. */
export type Crop = (picture: Picture) => Picture;

/**
 * Parses what `--crop` is told:
 *
 * - `square`: the largest central square;
 * - `WxH`: the central W by H pixels; `WxH+X+Y`: those X from the left and Y from the top;
 * - `top=N`, `bottom=N`, `left=N`, `right=N`: without N pixels at that side, or `N%` of its length,
 *   rounded down.
 *
 * @returns a crop, which throws {@link UsageError} where the picture is smaller than it.
 * @throws {InvalidArgumentError} if the text is none of these.
 */
export function parseCrop(text: string): Crop {
  if (text === 'square') return (picture) => cut(picture, square(picture));
  const rectangle = /^(\d{1,5})x(\d{1,5})(?:\+(\d{1,5})\+(\d{1,5}))?$/.exec(text);
  if (rectangle !== null) {
    const [width, height] = [Number(rectangle[1]), Number(rectangle[2])];
    if (rectangle[3] === undefined)
      return (picture) => cut(picture, central(picture, width, height));
    const [left, top] = [Number(rectangle[3]), Number(rectangle[4])];
    return (picture) => cut(picture, { left, top, width, height });
  }
  const side = /^(top|bottom|left|right)=(\d{1,5}(?:\.\d{1,6})?)(%?)$/.exec(text);
  if (side === null || (side[3] === '' && side[2]!.includes('.')))
    throw new InvalidArgumentError(
      'expected square, WxH, WxH+X+Y, or top=N, bottom=N, left=N, right=N, N in pixels or percent.',
    );
  const amount = Number(side[2]);
  return (picture) =>
    cut(picture, without(picture, side[1] as Side, { amount, percent: side[3] === '%' }));
}

type Side = 'top' | 'bottom' | 'left' | 'right';

function square({ width, height }: Picture): Part {
  const edge = Math.min(width, height);
  return central({ width, height }, edge, edge);
}

function central(picture: Pick<Picture, 'width' | 'height'>, width: number, height: number): Part {
  const left = Math.floor((picture.width - width) / 2);
  const top = Math.floor((picture.height - height) / 2);
  return { left, top, width, height };
}

function without(
  { width, height }: Picture,
  side: Side,
  { amount, percent }: { amount: number; percent: boolean },
): Part {
  const whole = { left: 0, top: 0, width, height };
  const length = side === 'top' || side === 'bottom' ? height : width;
  const lost = percent ? Math.floor((length * amount) / 100) : amount;
  const kept: Record<Side, Part> = {
    top: { ...whole, top: lost, height: height - lost },
    bottom: { ...whole, height: height - lost },
    left: { ...whole, left: lost, width: width - lost },
    right: { ...whole, width: width - lost },
  };
  return kept[side];
}

function cut(picture: Picture, part: Part): Picture {
  const { left, top, width, height } = part;
  const inside =
    width > 0 &&
    height > 0 &&
    left >= 0 &&
    top >= 0 &&
    left + width <= picture.width &&
    top + height <= picture.height;
  if (!inside)
    throw new UsageError(
      `a picture of ${picture.width}x${picture.height} pixels cannot be cropped to ${width}x${height} at ${left}, ${top}`,
    );
  const rowSamples = width * picture.channels;
  const samples = emptySamples(picture, rowSamples * height);
  for (let row = 0; row < height; row += 1) {
    const from = ((top + row) * picture.width + left) * picture.channels;
    samples.set(picture.samples.subarray(from, from + rowSamples), row * rowSamples);
  }
  return { width, height, channels: picture.channels, samples };
}
