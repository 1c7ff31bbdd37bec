import { describe, expect, test } from 'vitest';
import { sharedAvailable } from '../../../../test/support/optional.ts';
import { cborArray, cborBytes, createNitroEnclave } from '../../src/index.ts';
import { derSkeleton } from '../der-skeleton.ts';
import { sharedFile } from '../shared.ts';
import { certificatesOf, parseDocument } from './document.ts';

const at = new Date('2026-11-23T12:00:00Z');

const names = [
  'prod-2021-anjuna',
  'prod-2022-nonce-evervault',
  'DEBUG-2022-evervault',
  'DEBUG-2023-nonce-evervault',
];

/** A skeleton without the values of common names and organisational units, which are each one's own. */
function withoutOwnNames(skeleton: readonly string[]): string[] {
  return skeleton.map((line, index) => {
    const attribute = skeleton[index - 1]?.trim();
    const own = attribute === '06 550403' || attribute === '06 55040b';
    return own ? line.replace(/(?<=0c ).*/, '') : line;
  });
}

/** The members in order: texts without their digits, types of other values, lengths of PCRs. */
function kinds(document: Uint8Array): unknown {
  return [...parseDocument(document).members].map(([name, value]) => [
    name,
    typeof value === 'string' ? value.replaceAll(/[0-9a-f]/g, '0') : typeof value,
    value instanceof Map ? [...value].map(([index, pcr]) => [index, (pcr as []).length]) : [],
  ]);
}

describe.skipIf(!sharedAvailable('vectors/nitro'))('compared with what AWS makes', () => {
  test.each(names)('%s is made again from its members, byte for byte', async (name) => {
    const bytes = sharedFile(`nitro/${name}/doc.cbor`);
    const theirs = parseDocument(bytes);
    const { members } = theirs;
    const optional = (member: string): Uint8Array | null =>
      members.get(member) as Uint8Array | null;
    const chain = certificatesOf(theirs);
    const enclave = await createNitroEnclave({ at });
    const again = await enclave.document({
      moduleId: members.get('module_id') as string,
      digest: members.get('digest') as string,
      timestamp: new Date(members.get('timestamp') as number),
      pcrs: Object.fromEntries(members.get('pcrs') as Map<number, Uint8Array>),
      userData: optional('user_data'),
      nonce: optional('nonce'),
      publicKey: optional('public_key'),
      edit: (made) =>
        made.map(([member, value]) => {
          if (member === 'certificate') return [member, cborBytes(chain.at(-1) ?? null)];
          if (member !== 'cabundle') return [member, value];
          return [member, cborArray(chain.slice(0, -1).map((each) => cborBytes(each)))];
        }),
    });
    const ours = parseDocument(again);
    expect(Buffer.from(ours.payload).equals(theirs.payload)).toBe(true);
    const unsigned = bytes.length - 96;
    expect(again.length).toBe(bytes.length);
    expect(bytes.subarray(0, unsigned).equals(again.subarray(0, unsigned))).toBe(true);
  });

  test.each(names)('the certificates of %s have the same shape', async (name) => {
    const theirs = parseDocument(sharedFile(`nitro/${name}/doc.cbor`));
    const enclave = await createNitroEnclave({ at });
    const ours = parseDocument(await enclave.document());
    const shapes = [ours, theirs].map((document) =>
      certificatesOf(document).map((der) => withoutOwnNames(derSkeleton(der))),
    );
    expect(shapes[1]).toHaveLength(5);
    expect(shapes[0]).toEqual(shapes[1]);
  });

  test('a document with defaults has the same kinds of values', async () => {
    const enclave = await createNitroEnclave({ at });
    const theirs = kinds(sharedFile('nitro/prod-2021-anjuna/doc.cbor'));
    expect(kinds(await enclave.document())).toEqual(theirs);
  });
});
