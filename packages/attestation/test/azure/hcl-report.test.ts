import { describe, expect, test } from 'vitest';
import { parseHclReport } from '../../src/azure/hcl-report.ts';
import { FormatError } from '../../src/encoding/format-error.ts';

const claims = new TextEncoder().encode('{"keys":[]}');
const length = 32 + 1184 + 20 + claims.length;

/** An HCL report written down by hand, from Azure's "Attestation Report Format". */
function report(tee: 'snp' | 'tdx'): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(2600);
  const view = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode('HCLA'));
  [2, length, 2].forEach((value, index) => view.setUint32(4 + 4 * index, value, true));
  bytes.fill(0xaa, 32, 32 + (tee === 'snp' ? 1184 : 1024));
  [20 + claims.length, 1, tee === 'snp' ? 2 : 4, 1, claims.length].forEach((value, index) =>
    view.setUint32(1216 + 4 * index, value, true),
  );
  bytes.set(claims, 1236);
  return bytes;
}

describe.each(['snp', 'tdx'] as const)('an HCL report of %s', (tee) => {
  const whole = report(tee);

  test('has the report of the hardware and the text of the claims in it', () => {
    const { hardwareReport, runtimeClaims } = parseHclReport(whole, tee);
    expect(hardwareReport).toEqual(new Uint8Array(tee === 'snp' ? 1184 : 1024).fill(0xaa));
    expect(runtimeClaims).toEqual(claims);
  });

  test('may end where its parts end, and nowhere before', () => {
    for (let end = 0; end < length; end++) {
      expect(() => parseHclReport(whole.slice(0, end), tee), `${end} bytes`).toThrow(FormatError);
    }
    expect(parseHclReport(whole.slice(0, length), tee).runtimeClaims).toEqual(claims);
  });

  test('is refused with any byte of its heads changed, or of what must be zero', () => {
    const free = tee === 'snp' ? 1216 : 1056;
    for (let offset = 0; offset < whole.length; offset++) {
      const isHardware = offset >= 32 && offset < free;
      const isClaims = offset >= 1236 && offset < length;
      if (isHardware || isClaims) continue;
      const changed = whole.slice();
      changed[offset]! ^= 0x80;
      expect(() => parseHclReport(changed, tee), `byte ${offset}`).toThrow(FormatError);
    }
  });

  test('is no report of the other', () => {
    expect(() => parseHclReport(whole, tee === 'snp' ? 'tdx' : 'snp')).toThrow(FormatError);
  });
});
