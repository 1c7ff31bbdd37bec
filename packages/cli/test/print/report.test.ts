import type { Report, ReportRow } from '@blindai/attestation';
import { describe, expect, it } from 'vitest';
import type { Paint } from '../../src/print/colours.ts';
import { formatReport } from '../../src/print/report.ts';

const plain: Paint = (_colour, text) => text;
const painted: Paint = (colour, text) => `<${colour}>${text}</>`;

const explanation = {
  demanded: 'a report of version 2, 3 or 5',
  vouchedBy: 'nobody yet',
  specification: 'SEV-SNP ABI, table 23',
};
const row = (overrides: Partial<ReportRow>): ReportRow => ({
  name: 'layout',
  result: 'passed',
  detail: 'report v3 of 1184 bytes',
  ...explanation,
  ...overrides,
});
const accepted: Report = {
  verdict: 'accept',
  check: null,
  message: 'a genuine SEV-SNP guest, as demanded',
  format: 'sev-snp',
  anchor: 'vendor',
  tcbStatus: null,
  debug: false,
  measurement: 'ab'.repeat(48),
  reportData: null,
  checks: [
    row({}),
    row({ name: 'crl', result: 'weakened', detail: 'no list, by [acceptMissingCrl]' }),
  ],
};
const refused: Report = {
  ...accepted,
  verdict: 'refuse',
  check: 'debug',
  message: 'this is a debug guest',
  checks: [
    ...accepted.checks,
    row({ name: 'debug', result: 'refused', detail: 'this is a debug guest' }),
    row({ name: 'vmpl', result: 'not-reached', detail: '' }),
  ],
};
const wide = { paint: plain, explain: false, columns: null };

describe('a report', () => {
  it('has a line for each check, then what is known, then the verdict', () => {
    expect(formatReport(accepted, wide)).toBe(
      [
        '  ✓ layout  report v3 of 1184 bytes',
        '  ! crl     weakened: no list, by [acceptMissingCrl]',
        '',
        '  format    sev-snp',
        '  anchor    vendor',
        '  debug     false',
        `  measurement  ${'ab'.repeat(48)}`,
        '',
        'ACCEPTED, 1 weakened: crl',
        '',
      ].join('\n'),
    );
  });

  it('names in the verdict what was weakened above a refusal', () => {
    const text = formatReport(refused, wide);
    expect(text).toContain('  ✗ debug   refused: this is a debug guest\n  · vmpl    not reached\n');
    expect(text).toMatch(/\nREFUSED by debug: this is a debug guest\nabove it, 1 weakened: crl\n$/);
  });

  it('says ACCEPTED and nothing else where nothing was weakened', () => {
    const strict = { ...accepted, checks: [row({})] };
    expect(formatReport(strict, wide)).toMatch(/\n\nACCEPTED\n$/);
    const { message } = refused;
    const first = {
      ...refused,
      checks: [row({ name: 'debug', result: 'refused', detail: message })],
    };
    expect(formatReport(first, wide)).toMatch(/\n\nREFUSED by debug: this is a debug guest\n$/);
  });

  it('is painted by result', () => {
    const text = formatReport(refused, { ...wide, paint: painted });
    expect(text).toContain('  <green>✓</> layout  report v3');
    expect(text).toContain('<yellow>weakened: no list');
    expect(text).toContain('<red>REFUSED by debug</>: this');
    expect(text).toContain('<yellow>above it, 1 weakened: crl</>');
    expect(formatReport(accepted, { ...wide, paint: painted })).toContain(
      '<green>ACCEPTED</><yellow>, 1 weakened: crl</>',
    );
  });

  it('shows no character that acts on a terminal, whatever the evidence says', () => {
    const checks = [row({ detail: 'a\u001b[2Jb\nc\u202ed' })];
    for (const explain of [false, true])
      expect(formatReport({ ...accepted, checks }, { ...wide, explain })).toContain(
        'a\ufffd[2Jb\ufffdc\ufffdd',
      );
  });
});

describe('on a terminal', () => {
  const long = 'one two three four five six seven eight nine ten eleven twelve thirteen fourteen';
  const checks = [row({ detail: long }), row({ name: 'crl', result: 'weakened', detail: long })];
  const report = { ...accepted, checks };

  it.each([60, 80, 120])('no line of prose is longer than %i columns', (columns) => {
    for (const explain of [false, true]) {
      const lines = formatReport(report, { paint: plain, explain, columns }).split('\n');
      const prose = lines.filter((line) => !line.includes('measurement'));
      expect(Math.max(...prose.map((line) => line.length))).toBeLessThanOrEqual(columns);
      expect(prose.join(' ').replaceAll(/ +/g, ' ')).toContain(long);
    }
  });

  it('goes on below the detail, and keeps hashes whole', () => {
    const lines = formatReport(report, { ...wide, columns: 60 }).split('\n');
    expect(lines[0]).toBe('  ✓ layout  one two three four five six seven eight nine ten');
    expect(lines[1]).toBe('            eleven twelve thirteen fourteen');
    expect(lines).toContain(`  measurement  ${'ab'.repeat(48)}`);
  });

  it('that is narrower than any verdict gets lines of 60', () => {
    expect(formatReport(report, { ...wide, columns: 10 })).toBe(
      formatReport(report, { ...wide, columns: 60 }),
    );
  });
});

describe('an explained report', () => {
  it('says under each check what was demanded and found, who vouches, and where that is specified', () => {
    const text = formatReport(refused, { ...wide, explain: true });
    expect(text).toContain(
      [
        '  ! crl  weakened',
        '      demanded    a report of version 2, 3 or 5',
        '      found       no list, by [acceptMissingCrl]',
        '      vouched by  nobody yet',
        '      specified   SEV-SNP ABI, table 23',
        '  ✗ debug  refused',
      ].join('\n'),
    );
    expect(text).toContain('  · vmpl  not reached\n      demanded    a report of');
    expect(text.match(/ found /g)).toHaveLength(3);
    expect(text).not.toContain('SIMULATION');
  });

  it('says of a simulation who its vendors are', () => {
    const simulation = { ...accepted, anchor: 'simulation' } as const;
    expect(formatReport(simulation, { ...wide, explain: true })).toMatch(/^ {2}SIMULATION: /);
  });
});
