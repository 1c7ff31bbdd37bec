import { concat } from '../mutate/bytes.ts';
import { cborHead, cborString, contentOf, parseCborTree } from '../mutate/cbor.ts';
import { longBytes } from '../outsized.ts';
import { evidence } from '../part.ts';
import type { Seed } from '../seed.ts';
import type { Submission } from '../submission.ts';
import { payload } from './parts.ts';

const maxLength = 32 * 1024;

/** Documents and payloads as long as can be. */
export function outsizedNitro({ submission }: Seed): readonly (readonly [string, Submission])[] {
  const tree = parseCborTree(payload.read(submission)!)!;
  const encodings = tree.children.map(({ encoding }) => encoding);
  const members = tree.children.map(({ children: [key, value] }) => {
    const name = Buffer.from(contentOf(key!.encoding)!).toString();
    return { name, key: key!.encoding, value: value! };
  });
  const replaced = (name: string, value: Uint8Array): Submission => {
    const index = members.findIndex((member) => member.name === name);
    const member = concat(members[index]!.key, value);
    return payload.write(submission, tree.around(encodings.with(index, member)));
  };
  const bundle = members.find(({ name }) => name === 'cabundle')!.value;
  const cas = bundle.children.map(({ encoding }) => encoding);
  const bundleOf = (count: number): Uint8Array =>
    bundle.around(Array.from({ length: count }, (_, index) => cas[index % cas.length]!));
  return [
    ...[maxLength, maxLength + 1, 1_000_000].flatMap((length) =>
      longBytes(submission.evidence, length).map(([name, bytes]): [string, Submission] => [
        `document of ${name}`,
        evidence.write(submission, bytes),
      ]),
    ),
    ...[16_384, 16_385, 30_000].flatMap((length) =>
      longBytes(payload.read(submission)!, length).map(([name, bytes]): [string, Submission] => [
        `payload of ${name}`,
        payload.write(submission, bytes),
      ]),
    ),
    ...[0, 8, 9, 20].map((count): [string, Submission] => [
      `${count} CA certificates`,
      replaced('cabundle', bundleOf(count)),
    ]),
    ...[32, 33, 300].map((count): [string, Submission] => [
      `${count} PCRs`,
      replaced('pcrs', pcrs(count)),
    ]),
    ...['certificate', 'public_key', 'user_data', 'nonce'].flatMap((name) =>
      [0, 1025, 15_000].map((length): [string, Submission] => [
        `${name} of ${length} bytes`,
        replaced(name, cborString(2, new Uint8Array(length))),
      ]),
    ),
    ['module_id of 15000 bytes', replaced('module_id', cborString(3, new Uint8Array(15_000)))],
  ];
}

/** So many PCRs, encoded. */
function pcrs(count: number): Uint8Array {
  const members = Array.from({ length: count }, (_, index) =>
    concat(cborHead(0, index), cborString(2, new Uint8Array(48))),
  );
  return concat(cborHead(5, count), ...members);
}
