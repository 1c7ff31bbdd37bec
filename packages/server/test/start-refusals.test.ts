import { describe, expect, it } from 'vitest';
import { enforcePlatform } from '../src/platform-support.ts';

describe('enforcePlatform', () => {
  it('takes anything on Linux, and elsewhere a simulation with isolation none', () => {
    enforcePlatform({ simulation: false, isolation: 'sandboxed' }, 'linux');
    enforcePlatform({ simulation: true, isolation: 'none' }, 'darwin');
  });

  it.each([
    { simulation: false, isolation: 'none' },
    { simulation: true, isolation: 'separated' },
  ] as const)('refuses with unsupported-platform anything more: %o', (config) => {
    expect(() => enforcePlatform(config, 'win32')).toThrow(
      expect.objectContaining({ code: 'unsupported-platform' }),
    );
  });
});
