import { describe, expect, test } from 'vitest';
import { maxRefusalLength } from '../../src/inference/messages.ts';
import { Refusal, refusalOfLoad, refusalOfRun } from '../../src/runner/refusal.ts';

const told = ({ code, message }: Refusal): string => `${code}: ${message}`;

describe('the words of the engine', () => {
  test('about a model are passed on, without the places in its source', () => {
    const error = new Error(
      'Load model failed: /build/onnxruntime/core/graph/model.cc:181 No Op registered for Föö\nwith 7',
    );
    expect(told(refusalOfLoad(error))).toBe(
      'model-refused: the engine does not take the model: Load model failed: No Op registered for F?? with 7',
    );
  });

  test('about a run are not, since they may hold values; the kind of the node is', () => {
    const error = new Error(
      "Non-zero status code returned while running Gather node. Name:'g' Status Message: idx=4711",
    );
    expect(told(refusalOfRun(error))).toBe(
      'bad-input: the model cannot compute with these inputs, it stopped at a node of type Gather',
    );
    expect(told(refusalOfRun(new Error('idx=4711')))).toBe(
      'bad-input: the model cannot compute with these inputs',
    );
  });

  test.each([
    'std::bad_alloc',
    'Failed to allocate memory for requested buffer of size 4711',
    'Array buffer allocation failed',
    'Available memory of 1 is smaller: out of memory',
  ])('%s: is about memory', (message) => {
    expect(refusalOfLoad(new Error(message)).code).toBe('model-memory');
    expect(refusalOfRun(new RangeError(message)).code).toBe('model-memory');
  });

  test('are cut to what a frame takes', () => {
    const refusal = refusalOfLoad(new Error('a'.repeat(1000)));
    expect(refusal.message).toHaveLength(maxRefusalLength);
  });

  test('a refusal of our own stays what it is', () => {
    const own = new Refusal('too-large', 'too large');
    expect(refusalOfRun(own)).toBe(own);
    expect(refusalOfLoad(own)).toBe(own);
  });
});
