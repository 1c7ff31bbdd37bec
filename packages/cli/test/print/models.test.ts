import type { ModelDescription } from '@blindai/client';
import { describe, expect, it } from 'vitest';
import type { Paint } from '../../src/print/colours.ts';
import { formatModel, formatModels } from '../../src/print/models.ts';

const plain: Paint = (_colour, text) => text;
const painted: Paint = (colour, text) => `<${colour}>${text}</>`;

const model: ModelDescription = {
  modelId: '2b8b6f5e-0000-4000-8000-000000000000',
  name: 'chest',
  modelHash: '0f'.repeat(32),
  state: 'ready',
  reason: null,
  inputs: [
    { name: 'image', datatype: 'FP32', shape: [-1, 3, 224, 224] },
    { name: 'years', datatype: 'INT64', shape: [] },
  ],
  outputs: [{ name: '', datatype: 'BOOL', shape: [2] }],
};
const crashed = { ...model, state: 'quarantined', reason: 'it crashed', name: '' } as const;

describe('models as a table', () => {
  it('have their columns below each other, and below each why it is not ready', () => {
    expect(formatModels([model, crashed], plain)).toBe(
      [
        'MODEL ID                              NAME       STATE        SHA-256',
        `${model.modelId}  chest      ready        ${model.modelHash}`,
        `${model.modelId}  (no name)  quarantined  ${model.modelHash}`,
        '  it crashed',
        '',
      ].join('\n'),
    );
  });
});

describe('a model', () => {
  it('is shown with its tensors, free dimensions as question marks', () => {
    expect(formatModel(model, plain)).toBe(
      [
        `model    ${model.modelId}`,
        'name     chest',
        `SHA-256  ${model.modelHash}`,
        'state    ready',
        '',
        'input   image      FP32   [?, 3, 224, 224]',
        'input   years      INT64  []',
        'output  (no name)  BOOL   [2]',
        '',
      ].join('\n'),
    );
  });

  it('says why it is not ready, in the colour of its state', () => {
    expect(formatModel(crashed, painted)).toContain('<red>quarantined: it crashed</>');
    expect(formatModel(model, painted)).toContain('<green>ready</>');
  });

  it('that nothing goes into and nothing comes out of is shown too', () => {
    expect(formatModel({ ...model, inputs: [], outputs: [] }, plain)).toContain('state    ready');
  });
});

describe('names of others', () => {
  it('do nothing to the terminal', () => {
    const name = 'a\u001b[2Jb\u202ec\nd\u2028e';
    const hostile = {
      ...crashed,
      modelId: name,
      name,
      reason: name,
      inputs: [{ ...model.inputs[0]!, name }],
    };
    for (const text of [formatModel(hostile, plain), formatModels([hostile], plain)]) {
      for (const acts of ['\u001b', '\u202e', '\u2028', 'c\n']) expect(text).not.toContain(acts);
      expect(text).toContain('a\ufffd[2Jb\ufffdc\ufffdd\ufffde');
    }
  });
});
