import { type Datatype, Tensor } from '@blindai/client';
import { datatypes } from '@blindai/protocol';
import { UsageError } from '../exit-codes.ts';
import { fullIntensity, type Picture } from './picture.ts';

/** Where the channels of a tensor are: before rows and columns, or behind. */
export type Layout = 'nchw' | 'nhwc';

/** How samples become the elements of a tensor. */
export interface Normalisation {
  readonly layout: Layout;
  /** Whether blue comes first, as OpenCV has it. */
  readonly blueFirst: boolean;
  /** Samples, from 0 to 255 whatever the file's depth, are multiplied by this. */
  readonly scale: number;
  /** Taken off next; of one number for all channels, or of one for each, in the tensor's order. */
  readonly mean: readonly number[];
  /** Divided by last; as many as of `mean`. */
  readonly std: readonly number[];
  readonly datatype: Datatype;
}

/** Datatypes of elements that a picture can be turned into. */
export const pictureDatatypes: readonly Datatype[] = ['FP32', 'FP64', 'UINT8', 'INT8'];

/**
 * A picture as a batch of one: shape [1, channels, height, width], or [1, height, width, channels].
 *
 * @throws {UsageError} if there are not as many means or deviations as channels, or an element is out of the
 * range of an integer datatype. Elements of those are rounded.
 */
export function pictureTensor(picture: Picture, normalisation: Normalisation): Tensor {
  const { width, height, channels, samples } = picture;
  const { layout, blueFirst, datatype } = normalisation;
  const convert = conversionOf(picture, normalisation);
  const data = new (datatypes[datatype].array as Float32ArrayConstructor)(samples.length);
  const pixels = width * height;
  for (let channel = 0; channel < channels; channel += 1) {
    const source = blueFirst ? channels - 1 - channel : channel;
    for (let pixel = 0; pixel < pixels; pixel += 1) {
      const place = layout === 'nchw' ? channel * pixels + pixel : pixel * channels + channel;
      data[place] = convert(samples[pixel * channels + source]!, channel);
    }
  }
  const shape = layout === 'nchw' ? [1, channels, height, width] : [1, height, width, channels];
  return Tensor.from({ datatype, shape, data });
}

function conversionOf(
  picture: Picture,
  { scale, mean, std, datatype }: Normalisation,
): (sample: number, channel: number) => number {
  const { channels } = picture;
  const means = forChannels(mean, channels, '--mean');
  const deviations = forChannels(std, channels, '--std');
  const intensity = scale * (255 / fullIntensity(picture));
  const real = (sample: number, channel: number): number =>
    (sample * intensity - means[channel]!) / deviations[channel]!;
  if (datatype === 'FP32' || datatype === 'FP64') return real;
  const [least, most] = datatype === 'INT8' ? [-128, 127] : [0, 255];
  return (sample, channel) => {
    const rounded = Math.round(real(sample, channel));
    if (rounded < least || rounded > most)
      throw new UsageError(
        `the picture has an element of ${rounded}, and ${datatype} holds ${least} to ${most}: change --scale, --mean or --std`,
      );
    return rounded;
  };
}

function forChannels(
  given: readonly number[],
  channels: number,
  option: string,
): readonly number[] {
  if (given.length === channels) return given;
  if (given.length !== 1)
    throw new UsageError(
      `${option} has ${given.length} numbers, and the picture ${channels === 1 ? 'one channel' : `${channels} channels`}`,
    );
  return Array.from({ length: channels }, () => given[0]!);
}
