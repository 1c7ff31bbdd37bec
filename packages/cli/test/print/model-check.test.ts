import { describe, expect, it } from 'vitest';
import type { Paint } from '../../src/print/colours.ts';
import { formatModelCheck } from '../../src/print/model-check.ts';

const plain: Paint = (_colour, text) => text;

describe('a model that was looked through', () => {
  it('is shown with what it holds', () => {
    const found = {
      accepted: true,
      bytes: 3_163_737,
      irVersion: 8,
      operatorSets: { 'ai.onnx': 15, 'ai.onnx.ml': 2, 'a\u001bb': 1 },
      nodes: 1095,
      functions: 0,
      graphDepth: 2,
      constants: 36,
      constantBytes: 3_138_152,
    } as const;
    expect(formatModelCheck(found, plain)).toBe(
      [
        'size        3,163,737 bytes',
        'IR version  8',
        'operators   ai.onnx 15, ai.onnx.ml 2, a\ufffdb 1',
        'nodes       1,095, graphs 2 deep',
        'functions   0',
        'constants   36, 3,138,152 bytes',
        '',
        'ACCEPTED',
        '',
      ].join('\n'),
    );
  });

  it('is shown with why it is refused', () => {
    const found = { accepted: false, bytes: 1, code: 'model-refused', message: 'why' } as const;
    expect(formatModelCheck(found, plain)).toBe('REFUSED: why\n');
  });
});
