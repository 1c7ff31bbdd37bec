import { Graph } from './onnx.ts';
import { RandomNumbers } from './random-numbers.ts';

const vocabulary = 4096;
const longest = 512;
const width = 384;
const heads = 12;
const layers = 6;

/** An encoder of the size of MiniLM-L6: six layers of width 384, a free batch and length, random weights. */
export function encodeTransformer(): Uint8Array {
  const random = new RandomNumbers(3);
  const graph = new Graph();
  const dense = (input: string, from: number, to: number): string => {
    const weights = graph.constant(random.weights(from * to, 2 * from), [from, to]);
    const product = graph.apply('MatMul', [input, weights]);
    return graph.apply('Add', [product, graph.constant(random.floats(to, 0.02), [to])]);
  };
  const normalize = (input: string): string =>
    graph.apply('LayerNormalization', [
      input,
      graph.constant(new Float32Array(width).fill(1), [width]),
      graph.constant(new Float32Array(width), [width]),
    ]);
  /** x · Φ(x), as Hendrycks and Gimpel 2016 write it with erf. */
  const gelu = (input: string): string => {
    const error = graph.apply('Erf', [graph.apply('Mul', [input, graph.scalar(Math.SQRT1_2)])]);
    const half = graph.apply('Mul', [input, graph.scalar(0.5)]);
    return graph.apply('Mul', [half, graph.apply('Add', [error, graph.scalar(1)])]);
  };
  const split = (input: string, order: readonly number[]): string => {
    const apart = graph.apply('Reshape', [input, graph.integers(0, 0, heads, width / heads)]);
    return graph.apply('Transpose', [apart], { perm: order });
  };
  const attend = (input: string): string => {
    const queries = split(dense(input, width, width), [0, 2, 1, 3]);
    const keys = split(dense(input, width, width), [0, 2, 3, 1]);
    const values = split(dense(input, width, width), [0, 2, 1, 3]);
    const similar = graph.apply('MatMul', [queries, keys]);
    const scaled = graph.apply('Mul', [similar, graph.scalar(1 / Math.sqrt(width / heads))]);
    const mixed = graph.apply('MatMul', [graph.apply('Softmax', [scaled], { axis: -1 }), values]);
    const together = graph.apply('Transpose', [mixed], { perm: [0, 2, 1, 3] });
    const joined = graph.apply('Reshape', [together, graph.integers(0, 0, width)]);
    return dense(joined, width, width);
  };

  const embedding = graph.constant(random.floats(vocabulary * width), [vocabulary, width]);
  const words = graph.apply('Gather', [embedding, 'tokens']);
  const places = graph.constant(random.floats(longest * width), [longest, width]);
  const length = graph.apply('Slice', [
    graph.apply('Shape', ['tokens']),
    graph.integers(1),
    graph.integers(2),
  ]);
  const used = graph.apply('Slice', [places, graph.integers(0), length, graph.integers(0)]);
  let tip = normalize(graph.apply('Add', [words, used]));
  for (let layer = 0; layer < layers; layer += 1) {
    tip = normalize(graph.apply('Add', [tip, attend(tip)]));
    const inner = gelu(dense(tip, width, 4 * width));
    tip = normalize(graph.apply('Add', [tip, dense(inner, 4 * width, width)]));
  }
  const pooled = graph.apply('ReduceMean', [tip], { axes: [1], keepdims: 0 });
  return graph.encode(
    [{ name: 'tokens', type: 'INT64', shape: ['batch', 'length'] }],
    [{ name: 'embedding', type: 'FP32', shape: ['batch', width], of: pooled }],
  );
}
