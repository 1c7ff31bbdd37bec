import type { UnmatchedClaims } from '@blindai/attestation';
import { describe, expect, it } from 'vitest';
import { claimFacts, claimsToJson } from '../../src/print/claims.ts';

const claims = {
  format: 'tdx-dcap',
  tee: 'tdx',
  anchor: 'vendor',
  measurement: new Uint8Array([1, 2]),
  registers: { rtmr0: new Uint8Array([0xab]), rtmr1: new Uint8Array([0xcd]) },
  reportData: new Uint8Array([3]),
  debug: false,
  tcb: {
    status: 'UpToDate',
    advisories: ['INTEL-SA-00960'],
    evaluationDataNumber: 17,
    date: new Date('2025-11-13T00:00:00Z'),
    parts: { pceSvn: 13, tdxModuleSvn: 5 },
  },
  hardwareId: '0f0e',
  validUntil: new Date('2026-01-31T00:00:00Z'),
  entry: 'server 1.4',
  details: { tdAttributes: 0x1000_0000n, teeTcbSvn2: null },
  report: {},
} as unknown as UnmatchedClaims;

describe('claims', () => {
  it('have a line for each fact that a manifest may name', () => {
    expect(claimFacts(claims)).toEqual([
      ['RTMR0', 'ab'],
      ['RTMR1', 'cd'],
      ['versions', 'pceSvn 13, tdxModuleSvn 5'],
      ['machine', '0f0e'],
      ['entry', 'server 1.4'],
      ['valid until', '2026-01-31T00:00:00.000Z'],
    ]);
  });

  it('name registers of zeros on one line', () => {
    const registers = {
      pcr0: new Uint8Array([1]),
      pcr5: new Uint8Array(2),
      pcr6: new Uint8Array(2),
    };
    expect(claimFacts({ ...claims, registers }).slice(0, 2)).toEqual([
      ['PCR0', '01'],
      ['zeros', 'PCR5, PCR6'],
    ]);
  });

  it('have no line for what there is not', () => {
    const few = { ...claims, registers: {}, hardwareId: null, entry: null };
    expect(claimFacts({ ...few, tcb: { ...claims.tcb, parts: {} } })).toHaveLength(1);
  });

  it('are JSON in which nothing is rounded or lost, without the report', () => {
    const { report: _, ...rest } = claims;
    expect(claimsToJson(claims)).toEqual({
      ...rest,
      measurement: '0102',
      registers: { rtmr0: 'ab', rtmr1: 'cd' },
      reportData: '03',
      tcb: { ...claims.tcb, date: '2025-11-13T00:00:00.000Z' },
      validUntil: '2026-01-31T00:00:00.000Z',
      details: { tdAttributes: '0x10000000', teeTcbSvn2: null },
    });
  });
});
