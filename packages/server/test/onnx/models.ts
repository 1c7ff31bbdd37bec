import {
  constant,
  graph,
  integer,
  model,
  node,
  subgraph,
  value,
  type ElementType,
  type Shape,
} from './build.ts';
import type { Message } from './protobuf.ts';

/** `y = x`. */
export function identity(type: ElementType = 'FP32', shape: Shape | null = [1]): Uint8Array {
  return model({
    nodes: [node('Identity', ['x'], ['y'])],
    inputs: [value('x', type, shape)],
    outputs: [value('y', type, shape)],
  });
}

/** `difference = left - right`, so that it matters which input is which. */
export function subtraction(shape: Shape = ['n', 2]): Uint8Array {
  return model({
    nodes: [node('Sub', ['left', 'right'], ['difference'])],
    inputs: [value('left', 'FP32', shape), value('right', 'FP32', shape)],
    outputs: [value('difference', 'FP32', shape)],
  });
}

/** `y = x · [[1, 2], [3, 4]]` and `largest = ArgMax(y)`: two outputs of different datatypes. */
export function classifier(): Uint8Array {
  const weights = new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer);
  return model({
    nodes: [
      node('MatMul', ['x', 'weights'], ['y']),
      node('ArgMax', ['y'], ['largest'], [integer('axis', 1)]),
    ],
    inputs: [value('x', 'FP32', ['n', 2])],
    outputs: [value('y', 'FP32', ['n', 2]), value('largest', 'INT64', ['n', 1])],
    constants: [constant('weights', 'FP32', [2, 2], weights)],
  });
}

const always = constant('always', 'BOOL', [], Uint8Array.of(1));

/** What is gone round: it changes nothing. */
function round(): Message {
  return graph({
    nodes: [node('Identity', ['again'], ['more']), node('Identity', ['state'], ['next'])],
    inputs: [value('round', 'INT64', []), value('again', 'BOOL', []), value('state', 'FP32', [1])],
    outputs: [value('more', 'BOOL', []), value('next', 'FP32', [1])],
  });
}

/** Goes round `rounds` times and answers 1: as slow as its input says, and never done with a large one. */
export function loop(): Uint8Array {
  return model({
    nodes: [node('Loop', ['rounds', 'always', 'one'], ['done'], [subgraph('body', round())])],
    inputs: [value('rounds', 'INT64', [])],
    outputs: [value('done', 'FP32', [1])],
    constants: [always, constant('one', 'FP32', [1], new Uint8Array(Float32Array.of(1).buffer))],
  });
}

/** Is never done, whatever its input. */
export function endlessLoop(): Uint8Array {
  return model({
    nodes: [node('Loop', ['rounds', 'always', 'x'], ['y'], [subgraph('body', round())])],
    inputs: [value('x', 'FP32', [1])],
    outputs: [value('y', 'FP32', [1])],
    constants: [
      constant('rounds', 'INT64', [], new Uint8Array(BigInt64Array.of(2n ** 62n).buffer)),
      always,
    ],
  });
}

/** Answers `count` zeros: as much memory as its input says. */
export function zeros(): Uint8Array {
  return model({
    nodes: [node('ConstantOfShape', ['count'], ['zeros'])],
    inputs: [value('count', 'INT64', [1])],
    outputs: [value('zeros', 'FP32', ['n'])],
  });
}
