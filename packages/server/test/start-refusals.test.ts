import { describe, expect, it } from 'vitest';
import { enforceIsolation } from '../src/isolation.ts';
import { enforcePlatform } from '../src/platform-support.ts';

describe('enforceIsolation', () => {
  it('refuses with isolation-too-weak a floor above what this version reaches', () => {
    enforceIsolation('none');
    for (const floor of ['separated', 'sandboxed'] as const) {
      expect(() => enforceIsolation(floor)).toThrow(
        expect.objectContaining({ code: 'isolation-too-weak' }),
      );
    }
  });
});

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
