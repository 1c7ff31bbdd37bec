import { Graph } from './onnx.ts';
import { RandomNumbers } from './random-numbers.ts';

/** A perceptron as for digits of 28 × 28: 784 → 128 → 64 → 10, with a free batch. */
export function encodeMlp(): Uint8Array {
  const random = new RandomNumbers(1);
  const graph = new Graph();
  const layer = (input: string, from: number, to: number): string =>
    graph.apply('Gemm', [
      input,
      graph.constant(random.weights(from * to, from), [from, to]),
      graph.constant(random.floats(to, 0.1), [to]),
    ]);
  const first = graph.apply('Relu', [layer('pixels', 784, 128)]);
  const second = graph.apply('Relu', [layer(first, 128, 64)]);
  const scores = graph.apply('Softmax', [layer(second, 64, 10)]);
  return graph.encode(
    [{ name: 'pixels', type: 'FP32', shape: ['batch', 784] }],
    [{ name: 'scores', type: 'FP32', shape: ['batch', 10], of: scores }],
  );
}
