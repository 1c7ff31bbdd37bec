import { describe, expect, it } from 'vitest';
import { appendToReport, AttestationError, type ConnectionRow, type Report } from '../src/index.ts';

const accepted: Report = {
  verdict: 'accept',
  check: null,
  message: 'fine',
  format: 'sgx-dcap',
  anchor: 'vendor',
  tcbStatus: 'UpToDate',
  debug: false,
  measurement: '00',
  reportData: '00',
  checks: [
    {
      name: 'layout',
      result: 'passed',
      detail: 'a quote',
      demanded: 'a quote',
      vouchedBy: 'nobody yet',
      specification: 'the format',
    },
  ],
};
const passed: ConnectionRow = { name: 'keyset', result: 'passed', detail: 'right' };
const refused: ConnectionRow = { name: 'config', result: 'refused', detail: 'anonymous' };
const later: ConnectionRow = { name: 'transport', result: 'refused', detail: 'no ML-KEM' };

describe('appendToReport', () => {
  it('keeps the verdict as long as nothing refuses', () => {
    const { checks, ...verdict } = appendToReport(accepted, [passed]);
    expect(verdict).toEqual({ ...accepted, checks: undefined });
    expect(checks[0]).toEqual(accepted.checks[0]);
    expect(checks[1]).toMatchObject(passed);
    expect(accepted.checks).toHaveLength(1);
  });

  it('lets the first refusal make the verdict', () => {
    expect(appendToReport(accepted, [passed, refused, later])).toMatchObject({
      verdict: 'refuse',
      check: 'config',
      message: 'anonymous',
    });
  });

  it('explains each row', () => {
    for (const row of appendToReport(accepted, [passed, refused, later]).checks) {
      expect(row.demanded, row.name).not.toBe('');
      expect(row.vouchedBy, row.name).not.toBe('');
      expect(row.specification, row.name).not.toBe('');
    }
  });

  it('leaves an earlier refusal as it is', () => {
    const report = appendToReport(accepted, [refused]);
    expect(appendToReport(report, [later])).toMatchObject({
      check: 'config',
      message: 'anonymous',
    });
  });
});

describe('AttestationError', () => {
  it('is made from the report of a refusal', () => {
    const report = appendToReport(accepted, [refused]);
    const error = new AttestationError(report);
    expect(error).toMatchObject({
      name: 'AttestationError',
      code: 'attestation-refused',
      check: 'config',
      message: 'config: anonymous',
      report,
    });
  });

  it('is not made from any other report', () => {
    expect(() => new AttestationError(accepted)).toThrow(TypeError);
  });
});
