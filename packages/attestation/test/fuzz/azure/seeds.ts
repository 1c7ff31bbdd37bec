import { existsSync, readFileSync } from 'node:fs';
import {
  collateralJson,
  createAzureMachine,
  generateKeys,
  generateP384Keys,
  publicRootPrivateKey,
  type SimulatedAzureMachine,
  type SimulatedCollateral,
} from '@blindai/simulator';
import { sharedFolder } from '../../../../../test/support/optional.ts';
import { parseAzureSnpEvidence, parseAzureTdxEvidence } from '../../../src/azure/evidence.ts';
import { parseHclReport } from '../../../src/azure/hcl-report.ts';
import { parseRuntimeClaims } from '../../../src/azure/runtime-claims.ts';
import type { Bytes } from '../../../src/encoding/byte-reader.ts';
import { simulationAnchors } from '../../../src/roots/simulation.ts';
import { vendorAnchors } from '../../../src/roots/vendor.ts';
import { parseTpmQuote } from '../../../src/tpm/quote.ts';
import { fileParts, quoteParts } from '../dcap/parts.ts';
import { resignQuote, withAttestationKey } from '../dcap/resign.ts';
import { type IntelKeys, signedCollateralParts, signedQuoteParts } from '../dcap/seeds.ts';
import { layOut } from '../dcap/quote-layout.ts';
import { bytesWith, concat, splice } from '../mutate/bytes.ts';
import { der } from '../mutate/der.ts';
import { json } from '../mutate/json.ts';
import {
  bytesMember,
  elsewhere,
  type Lens,
  memberParts,
  part,
  type Part,
  pemBlock,
  pemParts,
} from '../part.ts';
import { reader, type Reader, type Seed, type SignedPart } from '../seed.ts';
import { signBytes } from '../sign.ts';
import { signedDer } from '../signed-der.ts';
import { amdKey, numbersInReport, reportLength, resignReport, signedRegion } from '../snp/seeds.ts';
import type { Submission } from '../submission.ts';
import { sha256 } from '../x509-objection.ts';
import {
  bytesAt,
  hardwareReport,
  numbersInHclReport,
  numbersInTpmQuote,
  runtimeClaims,
  stringAt,
  text,
  vtpmParts,
} from './parts.ts';

const at = new Date('2026-01-15T12:00:00Z');
const reportData: Uint8Array = Uint8Array.from({ length: 64 }, (_, index) => index);
const folder = `${sharedFolder}/vectors`;
const snpNames = { quote: 'quote', report: 'report' };
const tdxNames = { quote: 'tpm_quote', report: 'hcl_report' };

/** Simulated machines over SNP, and the real one where it is. */
export async function findAzureSnpSeeds(): Promise<readonly Seed[]> {
  const ek = await generateP384Keys();
  const machine = await createAzureMachine({ at, tee: 'snp', certificate: { keys: ek } });
  const made = await machine.evidence({ reportData });
  const vcek = stringAt('vcek');
  const submission = { evidence: made, endorsements: { ...machine.endorsements } };
  const hardware = hardwareReport(bytesAt('report'), reportLength);
  const parts: Part[] = [
    ...vtpmParts(snpNames),
    part('SNP report', bytesWith(numbersInReport), hardware),
    ...pemParts('vcek', vcek, 1),
  ];
  const resignHardware = over(hardware, async (report) => resignReport(report, ek.privateKey));
  const resignClaims = async (changed: Submission): Promise<Submission> => {
    const claims = runtimeClaims(bytesAt('report')).read(changed) ?? '';
    const vouched = over(hardware, async (report) =>
      splice(report, 0x50, 64, paddedHash(new TextEncoder().encode(claims))),
    );
    return resignHardware(await vouched(changed));
  };
  const seed: Seed = {
    name: 'simulated over SNP',
    submission,
    anchors: simulationAnchors,
    at,
    parts: [...parts, part('crl', der, bytesMember('crl')), memberParts('members')],
    signed: [
      ...signedVtpmParts(snpNames, machine, resignClaims),
      {
        ...part('signed region of the report', bytesWith(numbersInReport), signedRegion(hardware)),
        resign: resignHardware,
      },
      signedDer('endorsement key certificate', pemBlock(vcek, 0), await amdKey('ask')),
      signedDer('CRL', bytesMember('crl'), await amdKey('ark')),
    ],
    readers: readersOf('snp', made),
  };
  return [seed, ...realSeeds('snp', parts)];
}

/** Simulated machines over TDX, and the real one where it is. */
export async function findAzureTdxSeeds(): Promise<readonly Seed[]> {
  const [pck, intermediate, tcbSigning, attestation] = await Promise.all(
    [0, 1, 2, 3].map(async () => generateKeys()),
  );
  const root = await crypto.subtle.importKey(
    'jwk',
    publicRootPrivateKey,
    { name: 'ECDSA', namedCurve: 'P-256' },
    true,
    ['sign'],
  );
  const keys: IntelKeys = {
    attestation: attestation!,
    pck: pck!.privateKey,
    root,
    intermediate: intermediate!.privateKey,
    tcbSigning: tcbSigning!.privateKey,
  };
  const machine = await createAzureMachine({
    at,
    tee: 'tdx',
    certificates: {
      pck: { keys: pck! },
      intermediate: { keys: intermediate! },
      tcbSigning: { keys: tcbSigning! },
    },
  });
  const quote = bytesAt('td_quote');
  const file = JSON.parse(collateralJson(machine.endorsements as SimulatedCollateral)) as object;
  const made = { evidence: await machine.evidence({ reportData }), endorsements: file };
  const submission = await over(quote, async (bytes) => withAttestationKey(bytes, keys))(made);
  const parts = [...vtpmParts(tdxNames), ...elsewhere([...quoteParts(quote), ...fileParts()])];
  const resignClaims = async (changed: Submission): Promise<Submission> => {
    const claims = runtimeClaims(bytesAt('hcl_report')).read(changed) ?? '';
    return over(quote, async (bytes) => {
      const end = layOut(bytes)?.authLength;
      if (end === undefined) return bytes;
      const hash = paddedHash(new TextEncoder().encode(claims));
      return resignQuote(splice(bytes, end - 64, 64, hash), keys);
    })(changed);
  };
  const seed: Seed = {
    name: 'simulated over TDX',
    submission,
    anchors: simulationAnchors,
    at,
    parts,
    signed: [
      ...signedVtpmParts(tdxNames, machine, resignClaims),
      ...elsewhere([...signedQuoteParts(quote, keys), ...signedCollateralParts(keys)]),
    ],
    readers: readersOf('tdx', submission.evidence),
  };
  return [seed, ...realSeeds('tdx', parts)];
}

/** Changes what a lens finds; nothing where it finds nothing. */
function over(
  lens: Lens<Bytes>,
  change: (bytes: Bytes) => Promise<Bytes>,
): (submission: Submission) => Promise<Submission> {
  return async (submission) => {
    const found = lens.read(submission);
    return found ? lens.write(submission, await change(found)) : submission;
  };
}

function paddedHash(claims: Bytes): Bytes {
  return concat(sha256(claims), new Uint8Array(32));
}

function signedVtpmParts(
  names: { readonly quote: string; readonly report: string },
  { attestationKey }: SimulatedAzureMachine,
  resignClaims: SignedPart['resign'],
): SignedPart[] {
  const message = bytesAt(names.quote, 'message');
  const signature = bytesAt(names.quote, 'signature');
  return [
    {
      ...part('runtime claims', json, runtimeClaims(bytesAt(names.report))),
      resign: resignClaims,
    },
    {
      ...part('TPM quote', bytesWith(numbersInTpmQuote), message),
      resign: async (submission) => {
        const found = message.read(submission);
        if (!found) return submission;
        return signature.write(submission, await signBytes(attestationKey.keys.privateKey, found));
      },
    },
  ];
}

function realSeeds(tee: 'snp' | 'tdx', parts: readonly Part[]): Seed[] {
  const path = `${folder}/azure-vtpm/${tee}-evidence-v0`;
  if (!existsSync(`${path}.json`)) return [];
  const { verifyAt, collateral } = JSON.parse(readFileSync(`${path}.expected.json`, 'utf8')) as {
    verifyAt: string;
    collateral?: string;
  };
  const made = new Uint8Array(readFileSync(`${path}.json`));
  const endorsements =
    collateral === undefined
      ? null
      : (JSON.parse(readFileSync(`${folder}/azure-vtpm/${collateral}`, 'utf8')) as unknown);
  return [
    {
      name: `real over ${tee}`,
      submission: { evidence: made, endorsements },
      anchors: vendorAnchors,
      at: new Date(verifyAt),
      lacksCrl: true,
      parts,
      signed: [],
      readers: readersOf(tee, made),
    },
  ];
}

function readersOf(tee: 'snp' | 'tdx', made: Bytes): readonly Reader[] {
  const submission = { evidence: made, endorsements: null };
  const names = tee === 'snp' ? snpNames : tdxNames;
  const report = bytesAt(names.report).read(submission)!;
  const message = bytesAt(names.quote, 'message').read(submission)!;
  const claims = runtimeClaims(bytesAt(names.report)).read(submission)!;
  const parse = tee === 'snp' ? parseAzureSnpEvidence : parseAzureTdxEvidence;
  return [
    reader('evidence', json, text.read(submission)!, (source) =>
      parse(new TextEncoder().encode(source)),
    ),
    reader('HCL report', bytesWith(numbersInHclReport), report, (bytes) =>
      parseHclReport(bytes, tee),
    ),
    reader('runtime claims', json, claims, (source) =>
      parseRuntimeClaims(new TextEncoder().encode(source)),
    ),
    reader('TPM quote', bytesWith(numbersInTpmQuote), message, parseTpmQuote),
  ];
}
