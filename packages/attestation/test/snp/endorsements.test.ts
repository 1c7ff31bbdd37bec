import { createSnpPlatform } from '@blindai/simulator';
import { describe, expect, test } from 'vitest';
import { FormatError } from '../../src/encoding/format-error.ts';
import { parseSnpEndorsements } from '../../src/snp/endorsements.ts';
import { pemOf } from '../pem-der.ts';
import { at } from './guest.ts';

const { ek, ekPem, crl } = await createSnpPlatform({ at });
const crlPem = pemOf('X509 CRL', crl);
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
const base64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');

describe('endorsements', () => {
  test.each<[string, unknown]>([
    ['an object of DER', { ek, crl }],
    [
      'a map of DER',
      new Map([
        ['ek', ek],
        ['crl', crl],
      ]),
    ],
    ['an object of PEM', { ek: ekPem, crl: crlPem }],
    ['an object of PEM as bytes', { ek: utf8(ekPem), crl: utf8(crlPem) }],
    ['an object of base64', { ek: base64(ek), crl: base64(crl) }],
    ['an object of base64url', { ek: base64url(ek), crl: base64url(crl) }],
    ['JSON text of PEM', JSON.stringify({ ek: ekPem, crl: crlPem })],
    ['JSON text of base64', JSON.stringify({ crl: base64(crl), ek: base64(ek) })],
    ['JSON text as bytes', utf8(`\n ${JSON.stringify({ ek: ekPem, crl: base64(crl) })}\n`)],
  ])('are read: %s', (_, given) => {
    expect(parseSnpEndorsements(given)).toEqual({ ek, crl });
  });

  test.each<[string, unknown]>([
    ['DER', ek],
    ['DER in a larger buffer', new Uint8Array([0, ...ek, 0]).subarray(1, ek.length + 1)],
    ['PEM', ekPem],
    ['PEM as bytes', utf8(ekPem)],
    ['PEM with CRLF after an empty line', `\r\n${ekPem.replaceAll('\n', '\r\n')}`],
    ['base64', base64(ek)],
    ['an object with nothing for the CRL', { ek, crl: undefined }],
    ['a map without it', new Map([['ek', ek]])],
    ['JSON null for it', JSON.stringify({ ek: ekPem, crl: null })],
  ])('may be the certificate alone: %s', (_, given) => {
    expect(parseSnpEndorsements(given)).toEqual({ ek, crl: null });
  });

  test('leave what is no certificate to the next check', () => {
    for (const [given, read] of [
      [Uint8Array.of(0xff, 0x00), Uint8Array.of(0xff, 0x00)],
      [new Uint8Array(), new Uint8Array()],
      ['', new Uint8Array()],
      ['AAAA', new Uint8Array(3)],
    ]) {
      expect(parseSnpEndorsements(given)).toEqual({ ek: read, crl: null });
    }
  });

  test('are a copy', () => {
    const given = Uint8Array.from(ek);
    const { ek: read } = parseSnpEndorsements(given);
    given.fill(0);
    expect(read).toEqual(ek);
  });

  test('take the certificate that came with the evidence, unless they bring one', () => {
    const beside = new Uint8Array([0x30, 0]);
    for (const none of [undefined, null, {}, new Map(), '{}']) {
      expect(parseSnpEndorsements(none, beside)).toEqual({ ek: beside, crl: null });
    }
    expect(parseSnpEndorsements({ crl }, beside)).toEqual({ ek: beside, crl });
    expect(parseSnpEndorsements({ ek, crl }, beside)).toEqual({ ek, crl });
  });

  test.each<[string, unknown, string]>([
    ['nothing', undefined, 'ek: the certificate'],
    ['an empty object', {}, 'ek: the certificate'],
    ['a CRL alone', { crl }, 'ek: the certificate'],
    ['an unknown member', { ek, crl, ask: ek }, 'an unknown member'],
    ['an array', [ek], 'an unknown member'],
    ['a member of the prototype', JSON.stringify({ ek: ekPem, constructor: '' }), 'unknown member'],
    ['a doubled member', `{"ek":"${base64(ek)}","ek":"${base64(ek)}"}`, 'a doubled member'],
    ['an object within', '{"ek":{}}', 'neither object nor array'],
    ['a number', 5, 'a map expected'],
    ['a member that is a number', { ek: 5 }, 'bytes or text expected'],
    ['PEM with bytes that are no UTF-8', Uint8Array.of(0x2d, 0xff), 'text in UTF-8'],
    ['JSON with bytes that are no UTF-8', Uint8Array.of(0x7b, 0xff), 'text in UTF-8'],
    ['two certificates', ekPem + ekPem, '1 PEM blocks expected'],
    ['a CRL in the place of the certificate', { ek: crlPem }, 'PEM block of a CERTIFICATE'],
    ['a certificate in the place of the CRL', { ek, crl: ekPem }, 'PEM block of a X509 CRL'],
    ['base64 with a line feed', `${base64(ek)}\n`, 'canonical base64'],
    [
      'a CRL beyond 1 MiB',
      { ek, crl: new Uint8Array(1024 * 1024 + 1).fill(0x30) },
      'more than 1 MiB',
    ],
    ['text beyond 4 MiB', ' '.repeat(4 * 1024 * 1024 + 1), 'more than 4 MiB'],
  ])('are refused: %s', (_, given, problem) => {
    expect(() => parseSnpEndorsements(given)).toThrow(FormatError);
    expect(() => parseSnpEndorsements(given)).toThrow(problem);
  });
});
