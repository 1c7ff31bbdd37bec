import { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { addPictureOptions } from '../../src/inputs/picture-options.ts';
import { pattern } from '../image/fixtures.ts';

function parse(...args: string[]): ReturnType<ReturnType<typeof addPictureOptions>> {
  const command = new Command().exitOverride().configureOutput({ writeErr: () => {} });
  const pictures = addPictureOptions(command);
  command.parse(args, { from: 'user' });
  return pictures();
}

/** What a picture of 40x20 becomes, step by step. */
function sizes(...args: string[]): string[] {
  let shaped = pattern(40, 20);
  return parse(...args).options.steps.map((step) => {
    shaped = step(shaped, true);
    return `${shaped.width}x${shaped.height}`;
  });
}

describe('options for pictures', () => {
  test('that are not given change nothing', () => {
    expect(parse()).toEqual({
      options: {
        steps: [],
        antialias: true,
        channels: 'rgb',
        layout: 'nchw',
        scale: 1,
        mean: [0],
        std: [1],
      },
      given: [],
    });
  });

  test('are numbers', () => {
    const { options, given } = parse(
      '--no-antialias',
      '--channels=bgr',
      '--layout=nhwc',
      '--scale=1/255',
      '--mean',
      '-0.5,.4,4e-1',
      '--std=2',
    );
    expect(options).toMatchObject({
      antialias: false,
      channels: 'bgr',
      layout: 'nhwc',
      scale: 1 / 255,
      mean: [-0.5, 0.4, 0.4],
      std: [2],
    });
    expect(given).toEqual([
      '--no-antialias',
      '--channels',
      '--layout',
      '--scale',
      '--mean',
      '--std',
    ]);
  });

  test('crop and resize in their order', () => {
    expect(sizes('--resize', '10', '--crop', 'square', '--crop', 'top=5')).toEqual([
      '20x10',
      '10x10',
      '10x5',
    ]);
    expect(sizes('--crop', 'top=5', '--crop', 'square', '--resize', '10')).toEqual([
      '40x15',
      '15x15',
      '10x10',
    ]);
  });

  test.each([
    ['--scale', '0'],
    ['--scale', '1/0'],
    ['--scale', '1/2/3'],
    ['--scale', 'NaN'],
    ['--scale', '1e999'],
    ['--scale', ''],
    ['--mean', '1,2'],
    ['--mean', '1;2;3'],
    ['--std', '1,0,1'],
    ['--layout', 'chw'],
    ['--channels', 'cmyk'],
    ['--crop', 'round'],
    ['--resize', 'small'],
  ])('%s %j is refused', (option, value) => {
    expect(() => parse(option, value)).toThrow(
      expect.objectContaining({ code: 'commander.invalidArgument' }),
    );
  });
});
