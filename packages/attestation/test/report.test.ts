import { describe, expect, it } from 'vitest';
import { appendToReport, AttestationError, type Report, type ReportRow } from '../src/index.ts';

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
  checks: [{ name: 'layout', result: 'passed', detail: 'a quote' }],
};
const passed: ReportRow = { name: 'keyset', result: 'passed', detail: 'right' };
const refused: ReportRow = { name: 'config', result: 'refused', detail: 'anonymous' };
const later: ReportRow = { name: 'transport', result: 'refused', detail: 'no ML-KEM' };

describe('appendToReport', () => {
  it('keeps the verdict as long as nothing refuses', () => {
    expect(appendToReport(accepted, [passed])).toEqual({
      ...accepted,
      checks: [...accepted.checks, passed],
    });
    expect(accepted.checks).toHaveLength(1);
  });

  it('lets the first refusal make the verdict', () => {
    expect(appendToReport(accepted, [passed, refused, later])).toMatchObject({
      verdict: 'refuse',
      check: 'config',
      message: 'anonymous',
    });
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
