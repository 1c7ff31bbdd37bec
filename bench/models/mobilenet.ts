import { Graph } from './onnx.ts';
import { RandomNumbers } from './random-numbers.ts';

/** Expansion, channels, how often, first stride (Sandler et al. 2018, table 2). */
const bottlenecks = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
] as const;

/** A network with the layers of MobileNetV2: pictures of 224 × 224, 1000 classes, random weights, a free batch. */
export function encodeMobilenet(): Uint8Array {
  const random = new RandomNumbers(2);
  const graph = new Graph();
  const relu6 = (input: string): string =>
    graph.apply('Clip', [input, graph.scalar(0), graph.scalar(6)]);
  const convolve = (
    input: string,
    { from, to, size = 1, stride = 1, group = 1 }: Convolution,
  ): string => {
    const fanIn = (from / group) * size * size;
    const weights = graph.constant(random.weights(to * fanIn, fanIn), [
      to,
      from / group,
      size,
      size,
    ]);
    const bias = graph.constant(random.floats(to, 0.1), [to]);
    const margin = size >> 1;
    return graph.apply('Conv', [input, weights, bias], {
      kernel_shape: [size, size],
      strides: [stride, stride],
      pads: [margin, margin, margin, margin],
      group,
    });
  };
  const block = (
    input: string,
    from: number,
    to: number,
    factor: number,
    stride: number,
  ): string => {
    const wide = from * factor;
    const expanded = factor === 1 ? input : relu6(convolve(input, { from, to: wide }));
    const depthwise = { from: wide, to: wide, size: 3, stride, group: wide };
    const projected = convolve(relu6(convolve(expanded, depthwise)), { from: wide, to });
    return stride === 1 && from === to ? graph.apply('Add', [input, projected]) : projected;
  };

  let tip = relu6(convolve('input', { from: 3, to: 32, size: 3, stride: 2 }));
  let channels = 32;
  for (const [factor, to, times, firstStride] of bottlenecks) {
    for (let time = 0; time < times; time += 1) {
      tip = block(tip, channels, to, factor, time === 0 ? firstStride : 1);
      channels = to;
    }
  }
  tip = relu6(convolve(tip, { from: 320, to: 1280 }));
  const pooled = graph.apply('Flatten', [graph.apply('GlobalAveragePool', [tip])]);
  const scores = graph.apply('Gemm', [
    pooled,
    graph.constant(random.weights(1280 * 1000, 1280), [1280, 1000]),
    graph.constant(random.floats(1000, 0.1), [1000]),
  ]);
  return graph.encode(
    [{ name: 'input', type: 'FP32', shape: ['batch', 3, 224, 224] }],
    [{ name: 'scores', type: 'FP32', shape: ['batch', 1000], of: scores }],
  );
}

interface Convolution {
  readonly from: number;
  readonly to: number;
  readonly size?: number;
  readonly stride?: number;
  readonly group?: number;
}
