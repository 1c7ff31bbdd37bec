import { parseManifest, type Manifest } from '@blindai/attestation';
import type { ServerConfig } from '@blindai/protocol';
import { describe, expect, it } from 'vitest';
import { enforceConfig } from '../src/enforce-config.ts';

const config: ServerConfig = {
  tee: 'sgx',
  isolation: 'sandboxed',
  anonymous: false,
  storage: 'none',
  stateFreshness: 'none',
  time: 'host',
  issuers: null,
  version: '0.1.0',
};
const vendor = { anchor: 'vendor', tee: 'sgx' } as const;
const simulation = { anchor: 'simulation', tee: 'sgx' } as const;

function manifestWith(text: string): Manifest {
  return parseManifest(`version = 1\n[config]\n${text}`);
}

function judge(
  changes: Partial<ServerConfig>,
  claims: typeof vendor | typeof simulation,
  manifest?: string,
): string {
  const demanded = manifest === undefined ? undefined : manifestWith(manifest);
  const row = enforceConfig({ ...config, ...changes }, claims, demanded);
  expect(row.name).toBe('config');
  return `${row.result}: ${row.detail}`;
}

describe('tee', () => {
  it('is the one of the evidence', () => {
    expect(judge({}, vendor)).toBe('passed: isolation sandboxed, not anonymous');
    for (const tee of ['tdx', 'sev-snp', 'azure', 'nitro', 'simulation'] as const) {
      expect(judge({ tee }, vendor)).toBe(
        `refused: the evidence is of sgx, the server says ${tee}`,
      );
    }
  });

  it('is simulation exactly when the anchor is', () => {
    expect(judge({ tee: 'simulation' }, simulation)).toMatch(/^passed/);
    expect(judge({ tee: 'sgx' }, simulation)).toBe(
      'refused: the evidence is of simulation, the server says sgx',
    );
  });
});

describe('isolation', () => {
  it('must be sandboxed where nothing is said', () => {
    for (const isolation of ['separated', 'none'] as const) {
      for (const manifest of [undefined, '', 'anonymous = true']) {
        expect(judge({ isolation }, vendor, manifest)).toBe(
          `refused: isolation must be at least sandboxed, the server has ${isolation}`,
        );
      }
    }
  });

  it('must be at least what the manifest says', () => {
    expect(judge({ isolation: 'none' }, vendor, 'isolation = "separated"')).toMatch(
      /^refused: isolation must be at least separated/,
    );
    expect(judge({ isolation: 'separated' }, vendor, 'isolation = "separated"')).toBe(
      'weakened: isolation separated, not anonymous',
    );
    expect(judge({ isolation: 'separated' }, vendor, 'isolation = "none"')).toMatch(/^weakened/);
    expect(judge({ isolation: 'none' }, vendor, 'isolation = "none"')).toMatch(/^weakened/);
    expect(judge({}, vendor, 'isolation = "none"')).toMatch(/^passed/);
  });

  it('may be none in simulation, unless the manifest says otherwise', () => {
    const simulated = { tee: 'simulation', isolation: 'none' } as const;
    expect(judge(simulated, simulation)).toMatch(/^weakened/);
    expect(judge(simulated, simulation, 'anonymous = false')).toMatch(/^weakened/);
    expect(judge(simulated, simulation, 'isolation = "sandboxed"')).toMatch(/^refused/);
  });
});

describe('anonymous', () => {
  const refused = 'refused: the server is anonymous: anyone may upload and run';

  it('is accepted by name only', () => {
    expect(judge({ anonymous: true }, vendor)).toBe(refused);
    expect(judge({ anonymous: true }, vendor, 'isolation = "none"')).toBe(refused);
    expect(judge({ anonymous: true }, vendor, 'anonymous = false')).toBe(refused);
    expect(judge({ anonymous: true }, vendor, 'anonymous = true')).toBe(
      'weakened: isolation sandboxed, anonymous',
    );
    expect(judge({}, vendor, 'anonymous = true')).toMatch(/^passed/);
  });

  it('is accepted in simulation, unless the manifest says otherwise', () => {
    const simulated = { tee: 'simulation', anonymous: true } as const;
    expect(judge(simulated, simulation)).toMatch(/^weakened/);
    expect(judge(simulated, simulation, 'isolation = "none"')).toMatch(/^weakened/);
    expect(judge(simulated, simulation, 'anonymous = false')).toBe(refused);
  });
});
