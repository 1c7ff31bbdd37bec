import { emptySamples, type Picture } from './picture.ts';

/** One channel of three: the luma of ITU-R BT.601, to the bit as Pillow's conversion to "L". */
export function toGrey(picture: Picture): Picture {
  const { width, height, channels } = picture;
  if (channels === 1) return picture;
  const samples = emptySamples(picture, width * height);
  for (let pixel = 0; pixel < samples.length; pixel += 1) {
    const [red, green, blue] = picture.samples.subarray(pixel * 3, pixel * 3 + 3);
    samples[pixel] = Math.floor(
      (red! * 19_595 + green! * 38_470 + blue! * 7_471 + 32_768) / 65_536,
    );
  }
  return { width, height, channels: 1, samples };
}
