import { createPlatform } from '@blindai/simulator';
import { describe, expect, it } from 'vitest';
import { hasSgxExtensions, parsePckExtensions } from '../../src/dcap/pck-extensions.ts';
import { FormatError } from '../../src/encoding/format-error.ts';
import { decodeHex, encodeHex } from '../../src/encoding/hex.ts';
import { intelProfile } from '../../src/dcap/certificates.ts';
import { type Certificate, parseCertificate } from '../../src/x509/certificate.ts';
import { at } from '../simulated.ts';

const sgxExtensions = '1.2.840.113741.1.13.1';
const oid = '2a864886f84d010d01';

/** DER of one element, in hex. */
function der(tag: string, content: string): string {
  const length = content.length / 2;
  const hex = length.toString(16).padStart(2, '0');
  if (length < 0x80) return tag + hex + content;
  return length < 0x100 ? `${tag}81${hex}${content}` : `${tag}82${hex.padStart(4, '0')}${content}`;
}

const member = (path: string, value: string): string => {
  const id = oid + path;
  return der('30', der('06', id) + value);
};
const byte = (value: number): string => value.toString(16).padStart(2, '0');

const components = Array.from({ length: 16 }, (_, index) =>
  member(`02${byte(index + 1)}`, der('02', byte(index))),
);
const pceSvn = member('0211', der('02', '0102'));
const cpuSvn = member('0212', der('04', '07'.repeat(16)));
const tcb = [...components, pceSvn, cpuSvn];
const configuration = [
  member('0701', der('01', 'ff')),
  member('0702', der('01', '00')),
  member('0703', der('01', 'ff')),
];
const scalable = {
  ppid: member('01', der('04', 'aa'.repeat(16))),
  tcb: member('02', der('30', tcb.join(''))),
  pceId: member('03', der('04', '0001')),
  fmspc: member('04', der('04', '00606a000000')),
  sgxType: member('05', der('0a', '01')),
  platformInstanceId: member('06', der('04', 'bb'.repeat(16))),
  configuration: member('07', der('30', configuration.join(''))),
};

const { certificates } = await createPlatform({ at });
const pck = parseCertificate('PCK certificate', certificates.pck.der, intelProfile);

function certifying(value: string): Certificate {
  const extension = { critical: false, value: decodeHex('hex', value) };
  return { ...pck, extensions: new Map([[sgxExtensions, extension]]) };
}

const parse = (members: Partial<typeof scalable>): ReturnType<typeof parsePckExtensions> =>
  parsePckExtensions(certifying(der('30', Object.values(members).join(''))));

describe('parsePckExtensions', () => {
  it('reads every member', () => {
    expect(parse(scalable)).toEqual({
      ppid: 'aa'.repeat(16),
      components: Array.from({ length: 16 }, (_, index) => index),
      pceSvn: 0x0102,
      cpuSvn: new Uint8Array(16).fill(7),
      pceId: '0001',
      fmspc: '00606a000000',
      sgxType: 1,
      platformInstanceId: 'bb'.repeat(16),
      configuration: { dynamicPlatform: true, cachedKeys: false, smtEnabled: true },
    });
  });

  it('reads those of a platform of one package', () => {
    const { platformInstanceId: _, configuration: __, ...standard } = scalable;
    expect(parse(standard)).toMatchObject({ platformInstanceId: null, configuration: null });
  });

  it('reads members in any order', () => {
    const reversed = Object.fromEntries(Object.entries(scalable).toReversed());
    expect(parse(reversed)).toEqual(parse(scalable));
  });

  it('reads what the simulator writes, and no other certificate', async () => {
    const platform = await createPlatform({ at, fmspc: '0123456789ab' });
    const certificate = parseCertificate('PCK', platform.certificates.pck.der, intelProfile);
    expect(hasSgxExtensions(certificate)).toBe(true);
    expect(parsePckExtensions(certificate)).toMatchObject({
      fmspc: '0123456789ab',
      ppid: encodeHex(platform.machine.ppid),
      components: platform.machine.componentSvns,
    });
    const other = parseCertificate(
      'TCB signing',
      platform.certificates.tcbSigning.der,
      intelProfile,
    );
    expect(hasSgxExtensions(other)).toBe(false);
    expect(() => parsePckExtensions(other)).toThrow(FormatError);
  });

  it.each(['ppid', 'tcb', 'pceId', 'fmspc', 'sgxType'] as const)('refuses without %s', (name) => {
    const { [name]: _, ...rest } = scalable;
    expect(() => parse(rest)).toThrow('missing');
  });

  it.each(Object.entries(scalable))('refuses a doubled %s', (_, doubled) => {
    expect(() => parse({ ...scalable, more: doubled } as typeof scalable)).toThrow('doubled');
  });

  it.each(tcb.map((_, index) => index))(
    'refuses without or with two of member %i of the TCB',
    (index) => {
      const without = member('02', der('30', tcb.toSpliced(index, 1).join('')));
      expect(() => parse({ ...scalable, tcb: without })).toThrow('missing');
      const doubled = member('02', der('30', [...tcb, tcb[index]].join('')));
      expect(() => parse({ ...scalable, tcb: doubled })).toThrow('doubled');
    },
  );

  it.each([
    ['a platform instance id without a configuration', { configuration: '' }],
    ['a configuration without a platform instance id', { platformInstanceId: '' }],
    ['an unknown member', { configuration: member('08', der('05', '')) }],
    [
      'an unknown member of the TCB',
      { tcb: member('02', der('30', `${tcb.join('')}${member('0213', der('02', '01'))}`)) },
    ],
    [
      'a configuration without a member',
      { configuration: member('07', der('30', configuration.slice(1).join(''))) },
    ],
    ['a short PPID', { ppid: member('01', der('04', 'aa'.repeat(15))) }],
    ['a long FMSPC', { fmspc: member('04', der('04', '00606a00000000')) }],
    ['a PCEID of another type', { pceId: member('03', der('02', '01')) }],
    ['an SGX type that does not exist', { sgxType: member('05', der('0a', '03')) }],
    ['an SGX type that is an integer', { sgxType: member('05', der('02', '01')) }],
    [
      'a component beyond a byte',
      {
        tcb: member('02', der('30', [member('0201', der('02', '0100')), ...tcb.slice(1)].join(''))),
      },
    ],
    [
      'a PCESVN beyond two bytes',
      { tcb: member('02', der('30', tcb.with(16, member('0211', der('02', '010000'))).join(''))) },
    ],
    [
      'a second value',
      { ppid: der('30', `${der('06', `${oid}01`)}${der('04', 'aa'.repeat(16))}0500`) },
    ],
    ['a member without a value', { ppid: der('30', der('06', `${oid}01`)) }],
  ])('refuses %s', (_, wrong) => {
    expect(() => parse({ ...scalable, ...wrong })).toThrow(FormatError);
  });

  it.each([
    ['nothing', ''],
    ['no sequence', der('04', '00')],
    ['something after it', `${der('30', Object.values(scalable).join(''))}00`],
  ])('refuses %s', (_, value) => {
    expect(() => parsePckExtensions(certifying(value))).toThrow(FormatError);
  });

  it('refuses every truncation', () => {
    const whole = der('30', Object.values(scalable).join(''));
    for (let length = 0; length < whole.length; length += 2) {
      expect(() => parsePckExtensions(certifying(whole.slice(0, length)))).toThrow(FormatError);
    }
  });
});
