import { createPlatform } from '@blindai/simulator';
import { describe, expect, it } from 'vitest';
import { matchQeLevel, parseQeIdentity } from '../../src/dcap/qe-identity.ts';
import { parseQuote } from '../../src/dcap/quote.ts';
import { sgx } from '../../src/dcap/verify-sgx.ts';
import { FormatError } from '../../src/encoding/format-error.ts';
import { at, measurement, reportData } from '../simulated.ts';

type Json = Record<string, unknown>;

const level = (isvsvn: number, tcbStatus: string, more: Json = {}): Json => ({
  tcb: { isvsvn },
  tcbDate: '2024-03-13T00:00:00Z',
  tcbStatus,
  ...more,
});

const identity = (more: Json = {}): Json => ({
  id: 'QE',
  version: 2,
  issueDate: '2025-06-19T10:01:18Z',
  nextUpdate: '2025-07-19T10:01:18Z',
  tcbEvaluationDataNumber: 17,
  miscselect: '01000000',
  miscselectMask: 'FFFFFFFF',
  attributes: '11000000000000000200000000000000',
  attributesMask: 'FBFFFFFFFFFFFFFF0000000000000000',
  mrsigner: '8C'.repeat(32),
  isvprodid: 1,
  tcbLevels: [level(8, 'UpToDate'), level(6, 'OutOfDate', { advisoryIDs: ['INTEL-SA-00615'] })],
  ...more,
});

const parse = (json: Json): ReturnType<typeof parseQeIdentity> =>
  parseQeIdentity(JSON.stringify(json), 'QE');

describe('parseQeIdentity', () => {
  it('reads values as they stand in a report', () => {
    expect(parse(identity())).toMatchObject({
      validity: { from: new Date('2025-06-19T10:01:18Z'), to: new Date('2025-07-19T10:01:18Z') },
      evaluationDataNumber: 17,
      miscSelect: 1,
      miscSelectMask: 0xffff_ffff,
      attributes: { flags: 0x11n, xfrm: 2n },
      attributesMask: { flags: 0xffff_ffff_ffff_fffbn, xfrm: 0n },
      mrSigner: new Uint8Array(32).fill(0x8c),
      isvProdId: 1,
      levels: [
        { isvSvn: 8, status: 'UpToDate', advisories: [] },
        { isvSvn: 6, status: 'OutOfDate', advisories: ['INTEL-SA-00615'] },
      ],
    });
  });

  it.each<[string, Json]>([
    ['the identity of another enclave', identity({ id: 'TD_QE' })],
    ['the identity of the verification enclave', identity({ id: 'QVE' })],
    ['version 1', identity({ version: 1 })],
    ['version 3', identity({ version: 3 })],
    ['no version', identity({ version: undefined })],
    ['a short MISCSELECT', identity({ miscselect: '000000' })],
    ['a long mask', identity({ miscselectMask: 'FFFFFFFFFF' })],
    ['short attributes', identity({ attributes: '11' })],
    ['no mask of attributes', identity({ attributesMask: undefined })],
    ['an empty MRSIGNER', identity({ mrsigner: '' })],
    ['a product id beyond two bytes', identity({ isvprodid: 65536 })],
    ['no levels', identity({ tcbLevels: [] })],
    ['an unknown status', identity({ tcbLevels: [level(8, 'SWHardeningNeeded')] })],
    ['a version that is no number', identity({ tcbLevels: [level(8.5, 'UpToDate')] })],
  ])('refuses %s', (_, json) => {
    expect(() => parse(json)).toThrow(FormatError);
  });
});

it('matchQeLevel finds the first level that the version reaches', async () => {
  const platform = await createPlatform({ at });
  const qeReport = async (isvSvn: number): Promise<ReturnType<typeof parseQuote>['qeReport']> => {
    const quote = await platform.quote({ measurement, reportData, qeReport: { isvSvn } });
    return parseQuote(new Uint8Array(quote), sgx).qeReport;
  };
  const parsed = parse(identity());
  const statuses = [9, 8, 7, 6, 5].map(
    async (isvSvn) => matchQeLevel(parsed, await qeReport(isvSvn))?.status,
  );
  expect(await Promise.all(statuses)).toEqual([
    'UpToDate',
    'UpToDate',
    'OutOfDate',
    'OutOfDate',
    undefined,
  ]);
});
