import { collateralJson } from '@blindai/simulator';
import type { Bytes } from '../../src/encoding/byte-reader.ts';
import { vendorAnchors } from '../../src/roots/vendor.ts';
import { simulationAnchors } from '../../src/roots/simulation.ts';
import type { TrustAnchors } from '../../src/roots/trust-anchors.ts';
import { at, simulate } from '../simulated.ts';
import { readCases } from '../vectors.ts';
import { mutateBytes, mutatePem, mutateText } from './mutate.ts';
import { Random } from './random.ts';

type Members = Readonly<Record<string, unknown>>;

/** Genuine evidence to start from. */
export interface Seed {
  readonly name: string;
  readonly quote: Bytes;
  readonly members: Members;
  readonly anchors: TrustAnchors;
  readonly at: Date;
}

/** Evidence with a few random changes. */
export interface FuzzCase {
  readonly seed: Seed;
  readonly quote: Bytes;
  readonly members: Members;
  /** What the verifier is handed: the members, or JSON text of them that may be changed once more. */
  readonly endorsements: unknown;
  /** The changes, for a failure's message. */
  readonly trail: readonly string[];
}

/** Simulated evidence in both forms of collateral, and the real one where it is. */
export async function findSeeds(): Promise<readonly Seed[]> {
  // A year apart: else the CRL of one would be as genuine as that of the other.
  const times = [at, new Date(at.getTime() + 365 * 24 * 60 * 60 * 1000)];
  const simulated = times.map(async (time, index): Promise<Seed[]> => {
    const { evidence, endorsements } = await simulate({ platform: { at: time } });
    const common = { quote: new Uint8Array(evidence), anchors: simulationAnchors, at: time };
    const file = JSON.parse(collateralJson(endorsements)) as Members;
    return [
      { ...common, name: `simulated ${index}, map`, members: { ...endorsements } },
      { ...common, name: `simulated ${index}, file`, members: file },
    ];
  });
  const real = readCases('dcap').map(({ name, quote, collateral, expected }): Seed => ({
    name,
    quote: new Uint8Array(quote),
    members: JSON.parse(collateral) as Members,
    anchors: vendorAnchors,
    at: new Date(expected.verifyAt),
  }));
  return [...(await Promise.all(simulated)).flat(), ...real];
}

/** Case `number` of a run; the same for the same arguments. */
export function makeCase(seeds: readonly Seed[], runSeed: number, number: number): FuzzCase {
  const random = new Random(Math.imul(runSeed, 0x01000193) ^ number);
  const seed = random.pick(seeds);
  const other = random.pick(seeds);
  const trail: string[] = [];
  let { quote, members } = seed;
  for (let changes = 1 + random.below(3); changes > 0; changes--) {
    if (random.below(2) === 0) {
      quote = changeQuote(quote, random, other.quote, trail);
    } else {
      members = changeMembers(members, random, other.members, trail);
    }
  }
  const endorsements = random.below(8) === 0 ? changeJson(members, random, trail) : members;
  return { seed, quote, members, endorsements, trail };
}

function changeQuote(quote: Bytes, random: Random, other: Bytes, trail: string[]): Bytes {
  if (random.below(4) !== 0) {
    trail.push('quote');
    return mutateBytes(quote, random, other);
  }
  const text = Buffer.from(quote).toString('latin1');
  const start = text.indexOf('-----BEGIN');
  if (start < 6) return mutateBytes(quote, random, other);
  trail.push('PCK chain of the quote');
  const changed = Buffer.from(mutatePem(text.slice(start), random, ''), 'latin1');
  const whole = new Uint8Array(start + changed.length);
  whole.set(quote.subarray(0, start));
  whole.set(changed, start);
  const view = new DataView(whole.buffer);
  view.setUint32(start - 4, changed.length, true);
  if (whole.length >= 436) view.setUint32(432, whole.length - 436, true);
  return whole;
}

function changeMembers(
  members: Members,
  random: Random,
  others: Members,
  trail: string[],
): Members {
  const names = Object.keys(members);
  if (names.length === 0) return members;
  const name = random.pick(names);
  const value = members[name];
  const change = random.below(16);
  trail.push(`${name} (${change})`);
  const { [name]: _, ...rest } = members;
  if (change === 0) return rest;
  if (change === 1) return { ...rest, [mutateText(name, random, name)]: value };
  if (change === 2) return { ...members, [name]: members[random.pick(names)] };
  if (change === 3) return { ...members, [name]: others[name] ?? null };
  if (typeof value !== 'string') return { ...members, [name]: random.below(10) };
  const other = others[name];
  const donor = typeof other === 'string' ? other : value;
  const changed = change < 10 ? mutatePem(value, random, donor) : mutateText(value, random, donor);
  return { ...members, [name]: changed };
}

function changeJson(members: Members, random: Random, trail: string[]): string {
  const text = JSON.stringify(members);
  if (random.below(2) === 0) return text;
  trail.push('JSON text');
  return mutateText(text, random, text);
}
