import { type Command, InvalidArgumentError, Option } from 'commander';
import { type Crop, parseCrop } from '../image/crop.ts';
import type { Layout } from '../image/picture-tensor.ts';
import { parseResize, type Resize } from '../image/resize.ts';

/** How a picture becomes a tensor. */
export interface PictureOptions {
  /** Crops and resizes, in the order in which they are made. */
  readonly steps: readonly (Crop | Resize)[];
  readonly antialias: boolean;
  readonly channels: 'rgb' | 'bgr' | 'grey';
  readonly layout: Layout;
  readonly scale: number;
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/**
 * Adds the options that shape pictures.
 *
 * @returns what was given, to be asked once the command line is parsed: the options, and the flags among them
 * that the user wrote.
 */
export function addPictureOptions(
  command: Command,
): () => { options: PictureOptions; given: readonly string[] } {
  const steps: (Crop | Resize)[] = [];
  // One list for both, since their order matters.
  const step =
    (parse: (text: string) => Crop | Resize) =>
    (text: string): true => {
      steps.push(parse(text));
      return true;
    };
  const own = [
    new Option('--crop <part>', 'keep WxH[+X+Y] or square, or cut off top=N[%] …').argParser(
      step(parseCrop),
    ),
    new Option('--resize <size>', 'scale to WxH, or the shorter side to N').argParser(
      step(parseResize),
    ),
    new Option('--no-antialias', "scale as OpenCV's INTER_LINEAR, not as Pillow"),
    new Option('--channels <order>', 'the channels of the tensor')
      .choices(['rgb', 'bgr', 'grey'])
      .default('rgb'),
    new Option('--layout <layout>', 'the order of the dimensions')
      .choices(['nchw', 'nhwc'])
      .default('nchw'),
    new Option('--scale <factor>', 'multiply samples, 0 to 255, as by 1/255')
      .argParser(parseFactor)
      .default(1),
    new Option('--mean <numbers>', 'then take this off, one or one a channel')
      .argParser(parseNumbers)
      .default([0], '0'),
    new Option('--std <numbers>', 'then divide by this, one or one a channel')
      .argParser(parseDivisors)
      .default([1], '1'),
  ];
  for (const option of own) command.addOption(option.helpGroup('Pictures:'));
  return () => {
    const { antialias, channels, layout, scale, mean, std } = command.opts<PictureOptions>();
    return {
      options: { steps, antialias, channels, layout, scale, mean, std },
      given: own
        .filter((option) => command.getOptionValueSource(option.attributeName()) === 'cli')
        .map((option) => option.long!),
    };
  };
}

/** A number other than 0, or a fraction of two. */
function parseFactor(text: string): number {
  const parts = text.split('/').map(parseNumber);
  const factor = parts.length === 2 ? parts[0]! / parts[1]! : parts[0]!;
  if (parts.length > 2 || factor === 0 || !Number.isFinite(factor))
    throw new InvalidArgumentError('expected a number other than 0, or a fraction like 1/255.');
  return factor;
}

function parseNumbers(text: string): number[] {
  const numbers = text.split(',').map(parseNumber);
  if (numbers.length !== 1 && numbers.length !== 3)
    throw new InvalidArgumentError('expected one number, or three with commas.');
  return numbers;
}

function parseDivisors(text: string): number[] {
  const numbers = parseNumbers(text);
  if (numbers.includes(0)) throw new InvalidArgumentError('expected numbers other than 0.');
  return numbers;
}

function parseNumber(text: string): number {
  if (!/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?$/.test(text))
    throw new InvalidArgumentError(`expected a number, not ${JSON.stringify(text)}.`);
  return Number(text);
}
