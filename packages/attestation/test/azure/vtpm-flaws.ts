import { createHash } from 'node:crypto';
import type {
  AzureEvidence,
  AzureEvidenceOptions,
  AzureTpmQuote,
  HclHeader,
} from '@blindai/simulator';
import type { Flaws } from '../flaws.ts';
import { type Flaw, machineOf, manifestOf, pcrs, reportData, type Tee } from './machine.ts';

const rsa = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', publicExponent: Uint8Array.of(1, 0, 1) };
const someoneElse = await crypto.subtle.generateKey({ ...rsa, modulusLength: 2048 }, true, [
  'sign',
]);
const pss = await crypto.subtle.generateKey(
  { ...rsa, name: 'RSA-PSS', modulusLength: 2048 },
  true,
  ['sign'],
);
const otherPcr = new Uint8Array(32).fill(0x77);
const zeros = new Uint8Array(32);

const evidence = (options: Partial<AzureEvidenceOptions>): Flaw => ({ evidence: options });
const hcl = (header: Partial<HclHeader>): Flaw => evidence({ hcl: header });

/** Changes one byte of the HCL report. */
const flipHcl = (offset: number): Flaw =>
  evidence({
    tamperHcl: (report) => report.map((byte, index) => (index === offset ? byte ^ 1 : byte)),
  });

/** Replaces a part of the JSON text that must be there. */
const replace = (from: string | RegExp, to: string): Flaw =>
  evidence({
    tamper: (text) => {
      const changed = text.replace(from, to);
      if (changed === text) throw new Error(`${String(from)} is not in the evidence`);
      return changed;
    },
  });

/** Changes what the JSON has of the TPM's quote. */
const editQuote = (change: (quote: AzureTpmQuote) => object): Flaw =>
  evidence({
    edit: (members: AzureEvidence) =>
      'quote' in members
        ? { ...members, quote: change(members.quote) }
        : { ...members, tpm_quote: change(members.tpm_quote) },
  });

interface Claims {
  readonly keys: readonly Record<string, unknown>[];
}

/** Changes the attestation key in the runtime claims, or takes it away, before the hardware vouches for them. */
const editKey = (change: (key: Record<string, unknown>) => readonly object[]): Flaw =>
  evidence({
    editClaims: (claims) => {
      const [key, ...others] = (claims as unknown as Claims).keys;
      return { ...claims, keys: [...change(key!), ...others] };
    },
  });

const byte = (offset: number, value: number): Flaw =>
  evidence({
    editQuote: (message) => message.map((each, index) => (index === offset ? value : each)),
  });

const connection = {
  certificate: Uint8Array.of(1, 2, 3),
  keyset: Uint8Array.of(4, 5, 6),
  nonce: new Uint8Array(32).fill(0x33),
};
const sha256 = (...parts: readonly (Uint8Array | string)[]): Buffer =>
  parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest();
const boundData = new Uint8Array([
  ...sha256(connection.certificate),
  ...sha256('blindai keyset v1\0', sha256(connection.keyset), connection.nonce),
]);

/** Evidence that a connection's keys and nonce are bound to, and what it must be. */
export const bound: Flaw = { evidence: { reportData: boundData }, expected: connection };

/** The flaws of what evidence over SEV-SNP and over TDX has in common. */
export function vtpmFlaws(tee: Tee): Flaws<Flaw> {
  const names =
    tee === 'snp' ? ['quote', 'report', 'vcek'] : ['tpm_quote', 'hcl_report', 'td_quote'];
  const [quoteName, hclName] = names;
  const tooMany = (name: string, length: number): Flaw =>
    replace(new RegExp(`"${name}":\\s*\\[`), `$&${'0,'.repeat(length)}`);
  return {
    layout: {
      'no JSON': evidence({ tamper: () => 'quote'.repeat(20) }),
      'cut off': evidence({ tamper: (text) => text.trimEnd().slice(0, -1) }),
      'something after it': evidence({ tamper: (text) => `${text}{}` }),
      'a byte order mark before it': evidence({ tamper: (text) => `\uFEFF${text}` }),
      'longer than any evidence': evidence({ tamper: (text) => text + ' '.repeat(512 * 1024) }),
      ...Object.fromEntries(
        names.flatMap((name) => [
          [
            `no ${name}`,
            evidence({
              edit: (members) =>
                Object.fromEntries(Object.entries(members).filter(([each]) => each !== name)),
            }),
          ],
          [`a ${name} that is null`, evidence({ edit: (all) => ({ ...all, [name]: null }) })],
        ]),
      ),
      'an unknown member': evidence({ edit: (members) => ({ ...members, version: 1 }) }),
      'a doubled member': evidence({
        tamper: (text) => text.replace('{', `{"${quoteName}": null,`),
      }),
      ...Object.fromEntries(
        ['message', 'pcrs', 'signature'].flatMap((name) => [
          [`no ${name}`, editQuote((quote) => ({ ...quote, [name]: undefined }))],
          [`a ${name} that is a text`, editQuote((quote) => ({ ...quote, [name]: 'AAAA' }))],
        ]),
      ),
      'an unknown member of the quote': editQuote((quote) => ({ ...quote, nonce: [] })),
      'a number beyond 255': editQuote((quote) => ({ ...quote, message: [256] })),
      'a number below 0': editQuote((quote) => ({ ...quote, message: [-1] })),
      'a number with a fraction': editQuote((quote) => ({ ...quote, message: [0.5] })),
      'a number as a float': replace(/"message":\s*\[\s*255/, '"message":[255.0'),
      'a number with an exponent': replace(/"message":\s*\[\s*255/, '"message":[2.55e2'),
      'a text among the numbers': editQuote((quote) => ({ ...quote, message: ['255'] })),
      'a list among the numbers': editQuote((quote) => ({ ...quote, message: [[255]] })),
      'a message beyond 1 KiB': editQuote((quote) => ({ ...quote, message: Array(1025).fill(0) })),
      'a signature of 255 bytes': editQuote((quote) => ({
        ...quote,
        signature: quote.signature.slice(1),
      })),
      'a signature of 257 bytes': tooMany('signature', 1),
      'more than 24 PCRs': editQuote((quote) => ({ ...quote, pcrs: [...quote.pcrs, [...zeros]] })),
      'a PCR of 20 bytes': editQuote((quote) => ({
        ...quote,
        pcrs: [...quote.pcrs.slice(1), Array(20).fill(0)],
      })),
      'a PCR that is a number': editQuote((quote) => ({ ...quote, pcrs: [0] })),
      'an HCL report beyond 8 KiB': tooMany(hclName!, 8 * 1024),
      'HCL: another signature': hcl({ signature: 'HCLB' }),
      'HCL: version 0': hcl({ version: 0 }),
      'HCL: version 3': hcl({ version: 3 }),
      'HCL: asked for another purpose': hcl({ requestType: 1 }),
      'HCL: a status': flipHcl(16),
      'HCL: a reserved byte': flipHcl(31),
      'HCL: shorter than it says': hcl({ reportSize: 1300 }),
      'HCL: longer than it says': hcl({ reportSize: 2600 }),
      'HCL: runtime data of version 2': hcl({ runtimeVersion: 2 }),
      'HCL: the report of another TEE': hcl({ reportType: tee === 'snp' ? 4 : 2 }),
      'HCL: SHA-384': hcl({ hashType: 2 }),
      'HCL: another length of runtime data': hcl({ runtimeSize: 1000 }),
      'HCL: another length of claims': hcl({ claimsSize: 1000 }),
      'HCL: claims beyond its end': hcl({
        claimsSize: 0xffff_ffeb,
        runtimeSize: 0xffff_ffff,
        reportSize: 0x4bf,
      }),
      'HCL: something in the padding': flipHcl(2599),
      'HCL: cut off': evidence({ tamperHcl: (report) => report.slice(0, 1235) }),
    },
    'runtime-data': {
      'no JSON': evidence({ editClaimsText: () => 'keys' }),
      'no UTF-8': evidence({
        tamperHcl: (report) => report.map((each, index) => (index === 1240 ? 0xff : each)),
      }),
      'a doubled member': evidence({ editClaimsText: (text) => text.replace('{', '{"keys":[],') }),
      'no keys': evidence({ editClaims: (claims) => ({ ...claims, keys: undefined }) }),
      'no attestation key': editKey(() => []),
      'two attestation keys': editKey((key) => [key, key]),
      'a key without a name': editKey((key) => [{ ...key, kid: undefined }]),
      'a key of another name': editKey((key) => [{ ...key, kid: 'HCLAkpub' }]),
      'a key of another kind': editKey((key) => [{ ...key, kty: 'EC' }]),
      'another exponent': editKey((key) => [{ ...key, e: 'Aw' }]),
      'a key for another purpose': editKey((key) => [{ ...key, key_ops: ['encrypt'] }]),
      'a key for no purpose': editKey((key) => [{ ...key, key_ops: undefined }]),
      'RSA-1024': editKey((key) => [{ ...key, n: (key['n'] as string).slice(0, 171) }]),
      'RSA-4096': editKey((key) => [{ ...key, n: `${key['n'] as string}${key['n'] as string}` }]),
      'RSA-2047': editKey((key) => [{ ...key, n: `A${(key['n'] as string).slice(1)}` }]),
      'base64 of the other alphabet': editKey((key) => [
        { ...key, n: `+${(key['n'] as string).slice(1)}` },
      ]),
      'base64 that is not canonical': editKey((key) => [
        { ...key, n: `${(key['n'] as string).slice(0, -1)}_` },
      ]),
      'no configuration': evidence({
        editClaims: (claims) => ({ ...claims, 'vm-configuration': undefined }),
      }),
      'a configuration that is a text': evidence({
        editClaims: (claims) => ({ ...claims, 'vm-configuration': 'secure' }),
      }),
      'user data that is no text': evidence({
        editClaims: (claims) => ({ ...claims, 'user-data': 0 }),
      }),
    },
    'runtime-binding': {
      'a character of the claims': evidence({
        tamperClaimsText: (text) => text.replace('"secure-boot":true', '"secure-boot":null'),
      }),
      'white space in the claims': evidence({ tamperClaimsText: (text) => `${text} ` }),
      'zeros in the report': evidence({ hardwareReportData: new Uint8Array(64) }),
      'something after the hash': evidence({
        hardwareReportData: new Uint8Array(64).fill(1),
      }),
      'another key in the claims': evidence({
        tamperClaimsText: (text) => text.replace(/"n":"([\w-]{4})/, '"n":"zzzz'),
      }),
    },
    'tpm-quote': {
      'another magic': evidence({ quote: { magic: 0xff54_4346 } }),
      'a certified key in place of a quote': evidence({ quote: { type: 0x8017 } }),
      'cut off': evidence({ editQuote: (message) => message.slice(0, -1) }),
      empty: evidence({ editQuote: () => new Uint8Array() }),
      'a byte too many': evidence({ editQuote: (message) => Uint8Array.from([...message, 0]) }),
      'a name longer than any': evidence({ quote: { qualifiedSigner: new Uint8Array(67) } }),
      'data longer than any': evidence({ extraData: new Uint8Array(67) }),
      'a length beyond its end': byte(6, 0xff),
      'neither safe nor not': byte(6 + 2 + 34 + 2 + 32 + 16, 2),
      'no bank': evidence({ quote: { selections: [] } }),
      'two banks': evidence({
        quote: {
          selections: [
            { hash: 0x000b, select: Uint8Array.of(0xff, 0xff, 0xff) },
            { hash: 0x0004, select: Uint8Array.of(0xff, 0xff, 0xff) },
          ],
        },
      }),
      'the bank of SHA-1': evidence({
        quote: { selections: [{ hash: 0x0004, select: Uint8Array.of(0xff, 0xff, 0xff) }] },
      }),
      'the bank of SHA-384': evidence({
        quote: { selections: [{ hash: 0x000c, select: Uint8Array.of(0xff, 0xff, 0xff) }] },
      }),
      'a selection of 16 PCRs': evidence({
        quote: { selections: [{ hash: 0x000b, select: Uint8Array.of(0xff, 0xff) }] },
      }),
      'a selection of 32 PCRs': evidence({
        quote: { selections: [{ hash: 0x000b, select: Uint8Array.of(0xff, 0xff, 0xff, 0) }] },
      }),
      'a digest of 48 bytes': evidence({ quote: { pcrDigest: new Uint8Array(48) } }),
    },
    'tpm-quote-signature': {
      'of someone else': evidence({ signedBy: someoneElse.privateKey }),
      'of another scheme': evidence({ signedBy: pss.privateKey }),
      zeros: editQuote((quote) => ({ ...quote, signature: Array(256).fill(0) })),
      'over other data': editQuote((quote) => ({
        ...quote,
        message: quote.message.map((each, index) => (index === 50 ? each ^ 1 : each)),
      })),
      'over another digest': editQuote((quote) => ({
        ...quote,
        message: quote.message.map((each, index) =>
          index === quote.message.length - 1 ? each ^ 1 : each,
        ),
      })),
    },
    'pcr-digest': {
      'another value of a PCR': editQuote((quote) => ({
        ...quote,
        pcrs: quote.pcrs.map((pcr, index) => (index === 0 ? [...otherPcr] : pcr)),
      })),
      'two PCRs the other way round': editQuote((quote) => ({
        ...quote,
        pcrs: [quote.pcrs[1], quote.pcrs[0], ...quote.pcrs.slice(2)],
      })),
      'one PCR too few': editQuote((quote) => ({ ...quote, pcrs: quote.pcrs.slice(1) })),
      'none listed': editQuote((quote) => ({ ...quote, pcrs: [] })),
      'all listed where some are quoted': evidence({ selected: [4, 7, 8, 9] }),
      'another digest in the quote': evidence({ quote: { pcrDigest: zeros } }),
    },
    measurement: {
      'another firmware': evidence({ measurement: new Uint8Array(48) }),
      'of no machine that the manifest could accept': { manifest: 'version = 1' },
    },
    registers: {
      ...Object.fromEntries(
        Object.keys(pcrs).map((index) => [
          `another PCR${index}`,
          evidence({ pcrs: { ...pcrs, [index]: otherPcr } }),
        ]),
      ),
      'a PCR that is not quoted': {
        evidence: {
          selected: [4, 7, 8],
          edit: (members: AzureEvidence) => listed(members, [4, 7, 8]),
        },
      },
    },
    'report-data': {
      'of other bytes': { expected: { reportData: new Uint8Array(64) } },
      'the bytes in place of their hash': evidence({ extraData: reportData }),
      'a part of the hash': evidence({ extraData: sha256(reportData).subarray(0, 31) }),
      nothing: evidence({ extraData: new Uint8Array() }),
      'of another connection': {
        ...bound,
        expected: { ...connection, certificate: Uint8Array.of(9) },
      },
      'of another keyset': { ...bound, expected: { ...connection, keyset: Uint8Array.of(9) } },
      'for another nonce': { ...bound, expected: { ...connection, nonce: new Uint8Array(32) } },
    },
    entry: {
      'an entry that has ended': { manifest: manifestOf('until = 2026-11-23T12:00:00Z\n') },
    },
  };
}

/** Leaves only these PCRs in the list. */
export function listed(members: AzureEvidence, indices: readonly number[]): object {
  const only = (quote: AzureTpmQuote): AzureTpmQuote => ({
    ...quote,
    pcrs: indices.map((index) => quote.pcrs[index]!),
  });
  return 'quote' in members
    ? { ...members, quote: only(members.quote) }
    : { ...members, tpm_quote: only(members.tpm_quote) };
}

export { machineOf };
