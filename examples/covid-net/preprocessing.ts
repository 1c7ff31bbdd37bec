/**
 * What COVID-Net does to a chest X-ray before its model sees it: cut off the top 8 %, where labels are, keep the
 * largest central square, scale it, and divide by 255.
 */

/** A picture: rows from the top, pixels from the left, red, green and blue of each from 0 to 255. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly samples: Uint8Array;
}

/** The form in which a model wants its picture. */
export interface ModelInput {
  /** Pixels in each direction. */
  readonly size: number;
  /** Channels behind the pixels or before them. */
  readonly layout: 'nhwc' | 'nchw';
  /** Which channel is first. OpenCV has blue first, so COVID-Net too; an X-ray is grey and does not care. */
  readonly order: 'bgr' | 'rgb';
}

/** The picture as the model's input: FP32 from 0 to 1, a batch of one. */
export function preprocess(
  picture: Picture,
  { size, layout, order }: ModelInput,
): { data: Float32Array; shape: number[] } {
  const { samples } = resize(cropCentre(cropTop(picture, 0.08)), size);
  const pixels = size * size;
  const data = new Float32Array(pixels * 3);
  for (let pixel = 0; pixel < pixels; pixel += 1)
    for (let channel = 0; channel < 3; channel += 1) {
      const source = order === 'rgb' ? channel : 2 - channel;
      const place = layout === 'nhwc' ? pixel * 3 + channel : channel * pixels + pixel;
      data[place] = samples[pixel * 3 + source]! / 255;
    }
  return { data, shape: layout === 'nhwc' ? [1, size, size, 3] : [1, 3, size, size] };
}

/** Without a share of its rows at the top, rounded down to whole rows. */
export function cropTop(picture: Picture, share: number): Picture {
  const top = Math.floor(picture.height * share);
  return crop(picture, 0, top, picture.width, picture.height - top);
}

/** The largest square in the middle; half a pixel is lost on the right and below. */
export function cropCentre(picture: Picture): Picture {
  const edge = Math.min(picture.width, picture.height);
  const left = Math.floor((picture.width - edge) / 2);
  const top = Math.floor((picture.height - edge) / 2);
  return crop(picture, left, top, edge, edge);
}

function crop(picture: Picture, left: number, top: number, width: number, height: number): Picture {
  const samples = new Uint8Array(width * height * 3);
  for (let row = 0; row < height; row += 1) {
    const start = ((top + row) * picture.width + left) * 3;
    samples.set(picture.samples.subarray(start, start + width * 3), row * width * 3);
  }
  return { width, height, samples };
}

/**
 * A square of another size, as OpenCV's `resize` makes it by default (INTER_LINEAR): each pixel is interpolated
 * between the four around its centre, and the result rounded. OpenCV computes with eleven binary digits, this
 * exactly, so the two differ by 1 of 255 here and there.
 */
export function resize({ width, height, samples }: Picture, size: number): Picture {
  const columns = neighbours(width, size);
  const rows = neighbours(height, size);
  const resized = new Uint8Array(size * size * 3);
  for (const [y, row] of rows.entries())
    for (const [x, column] of columns.entries())
      for (let channel = 0; channel < 3; channel += 1) {
        const sample = (line: number, pixel: number): number =>
          samples[(line * width + pixel) * 3 + channel]!;
        const above = between(
          sample(row.first, column.first),
          sample(row.first, column.second),
          column.share,
        );
        const below = between(
          sample(row.second, column.first),
          sample(row.second, column.second),
          column.share,
        );
        resized[(y * size + x) * 3 + channel] = Math.floor(between(above, below, row.share) + 0.5);
      }
  return { width: size, height: size, samples: resized };
}

/** For each place of the result the two places of the source around it, and how far it is towards the second. */
function neighbours(from: number, to: number): { first: number; second: number; share: number }[] {
  return Array.from({ length: to }, (_, at) => {
    // Centres of pixels lie at halves; beyond the outermost one, that pixel goes on.
    const place = Math.min(Math.max(((at + 0.5) * from) / to - 0.5, 0), from - 1);
    const first = Math.floor(place);
    return { first, second: Math.min(first + 1, from - 1), share: place - first };
  });
}

function between(first: number, second: number, share: number): number {
  return first + (second - first) * share;
}
