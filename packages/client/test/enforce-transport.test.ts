import { parseManifest } from '@blindai/attestation';
import { expect, it } from 'vitest';
import { enforceTransport } from '../src/enforce-transport.ts';

const demanding = parseManifest('version = 1\n[transport]\npost_quantum = true\n');

it('takes any group where the manifest does not demand more', () => {
  for (const manifest of [undefined, parseManifest('version = 1')]) {
    expect(enforceTransport('X25519', manifest)).toEqual({
      name: 'transport',
      result: 'passed',
      detail: 'TLS 1.3 with X25519',
    });
  }
});

it('takes only groups with ML-KEM where it does', () => {
  for (const group of ['X25519MLKEM768', 'SecP256r1MLKEM768', 'MLKEM1024']) {
    expect(enforceTransport(group, demanding).result).toBe('passed');
  }
  for (const group of ['X25519', 'prime256v1', 'unknown', 'MLKEM', '']) {
    expect(enforceTransport(group, demanding)).toMatchObject({
      name: 'transport',
      result: 'refused',
      detail: `TLS 1.3 with ${group}, the manifest demands a post-quantum group`,
    });
  }
});
