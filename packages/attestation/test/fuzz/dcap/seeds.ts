import {
  collateralJson,
  createPlatform,
  generateKeys,
  type SimulatedPlatform,
  type TdQuoteOptions,
} from '@blindai/simulator';
import { intelProfile } from '../../../src/dcap/certificates.ts';
import { parseCollateral } from '../../../src/dcap/collateral.ts';
import { parsePckExtensions } from '../../../src/dcap/pck-extensions.ts';
import { parseQeIdentity } from '../../../src/dcap/qe-identity.ts';
import { parseQuote } from '../../../src/dcap/quote.ts';
import { parseSgxTcbInfo } from '../../../src/dcap/tcb-info.ts';
import { parseTdxTcbInfo } from '../../../src/dcap/tdx-tcb-info.ts';
import { sgx } from '../../../src/dcap/verify-sgx.ts';
import { tdx } from '../../../src/dcap/verify-tdx.ts';
import type { Bytes } from '../../../src/encoding/byte-reader.ts';
import { simulationAnchors } from '../../../src/roots/simulation.ts';
import { vendorAnchors } from '../../../src/roots/vendor.ts';
import { parseCertificate } from '../../../src/x509/certificate.ts';
import { parseCrl } from '../../../src/x509/crl.ts';
import { at, measurement, reportData } from '../../simulated.ts';
import { readCases } from '../../vectors.ts';
import { bytesWith, splice } from '../mutate/bytes.ts';
import { der } from '../mutate/der.ts';
import { json } from '../mutate/json.ts';
import { textMember, evidence, hexBytes, inside, type Lens, part, pemBlock } from '../part.ts';
import { reader, type Reader, type Seed, type SignedPart } from '../seed.ts';
import { signBytes } from '../sign.ts';
import { signedDer } from '../signed-der.ts';
import type { Submission } from '../submission.ts';
import { fileParts, mapParts, pckChain, quoteParts } from './parts.ts';
import { layOut, numbersInQuote } from './quote-layout.ts';
import { type QuotingKeys, resignQuote, withAttestationKey } from './resign.ts';

type Members = Readonly<Record<string, unknown>>;
const year = 365 * 24 * 60 * 60 * 1000;

/** Simulated quotes of enclaves with both forms of collateral, and the real ones where they are. */
export async function findSgxSeeds(): Promise<readonly Seed[]> {
  // A year apart: else the CRL of one would be as genuine as that of the other.
  const times = [at, new Date(at.getTime() + year)];
  const simulated = times.map(async (time, index): Promise<Seed[]> => {
    const platform = await createPlatform({ at: time });
    const quote = await platform.quote({ measurement, reportData });
    return simulatedSeeds(`SGX ${index}`, 'sgx', platform, quote, time);
  });
  return [...(await Promise.all(simulated)).flat(), ...realSeeds('sgx')];
}

/** Simulated quotes of TDs of versions 4 and 5, and the real ones where they are. */
export async function findTdxSeeds(): Promise<readonly Seed[]> {
  const kinds: readonly Pick<TdQuoteOptions, 'version' | 'td' | 'padding'>[] = [
    { version: 4, padding: 70 },
    { version: 5, td: '1.0' },
    { version: 5, td: '1.5' },
  ];
  const simulated = kinds.map(async ({ padding = 0, ...kind }, index): Promise<Seed[]> => {
    const time = new Date(at.getTime() + index * year);
    const platform = await createPlatform({ at: time, tee: 'tdx' });
    const mrTd = new Uint8Array(48).fill(0x5a);
    const quote = await platform.tdQuote({ measurement: mrTd, reportData, padding, ...kind });
    const name = `TDX v${kind.version} ${kind.td ?? '1.0'}`;
    const [map, file] = await simulatedSeeds(name, 'tdx', platform, quote, time);
    return kind.version === 4 ? [file!, map!] : [file!];
  });
  return [...(await Promise.all(simulated)).flat(), ...realSeeds('tdx')];
}

async function simulatedSeeds(
  name: string,
  tee: 'sgx' | 'tdx',
  platform: SimulatedPlatform,
  made: Uint8Array,
  time: Date,
): Promise<Seed[]> {
  const { root, intermediate, pck, tcbSigning } = platform.certificates;
  const keys: IntelKeys = {
    attestation: await generateKeys(),
    pck: pck.keys.privateKey,
    root: root.keys.privateKey,
    intermediate: intermediate.keys.privateKey,
    tcbSigning: tcbSigning.keys.privateKey,
  };
  const quote = await withAttestationKey(new Uint8Array(made), keys);
  const file = JSON.parse(collateralJson(platform.collateral)) as Members;
  const common = { anchors: simulationAnchors, at: time };
  return [
    {
      ...common,
      name: `${name}, map`,
      submission: { evidence: quote, endorsements: { ...platform.collateral } },
      parts: [...quoteParts(evidence), ...mapParts()],
      signed: [],
      readers: [],
    },
    {
      ...common,
      name: `${name}, file`,
      submission: { evidence: quote, endorsements: file },
      parts: [...quoteParts(evidence), ...fileParts()],
      signed: [...signedQuoteParts(evidence, keys), ...signedCollateralParts(keys)],
      readers: readersOf(tee, quote, file),
    },
  ];
}

/** Private keys of the fake Intel. */
export interface IntelKeys extends QuotingKeys {
  readonly root: CryptoKey;
  readonly intermediate: CryptoKey;
  readonly tcbSigning: CryptoKey;
}

/** What the keys of a quoting enclave and of those above it sign. */
export function signedQuoteParts(quote: Lens<Bytes>, keys: IntelKeys): SignedPart[] {
  const resign = async (submission: Submission): Promise<Submission> => {
    const found = quote.read(submission);
    return found ? quote.write(submission, await resignQuote(found, keys)) : submission;
  };
  const signedRegion = region(quote, (layout) => [0, layout.authLength]);
  const qeReport = region(quote, (layout) => [layout.qeReport, layout.qeReport + 384]);
  const chain = pckChain(quote);
  return [
    { ...part('signed region of the quote', bytesWith(numbersInQuote), signedRegion), resign },
    {
      ...part(
        'report of the quoting enclave',
        bytesWith(() => []),
        qeReport,
      ),
      resign,
    },
    signedDer('PCK certificate', pemBlock(chain, 0), keys.intermediate),
    signedDer('PCK CA certificate', pemBlock(chain, 1), keys.root),
    signedDer('root CA certificate', pemBlock(chain, 2), keys.root),
  ];
}

function region(
  quote: Lens<Bytes>,
  limits: (layout: NonNullable<ReturnType<typeof layOut>>) => readonly [start: number, end: number],
): Lens<Bytes> {
  return inside(
    quote,
    (bytes) => {
      const layout = layOut(bytes);
      return layout && bytes.slice(...limits(layout));
    },
    (bytes, changed) => {
      const [start, end] = limits(layOut(bytes)!);
      return splice(bytes, start, end - start, changed);
    },
  );
}

/** What signs certificates, CRLs and documents of a file of collateral. */
export function signedCollateralParts(keys: IntelKeys): SignedPart[] {
  const document = (name: string): SignedPart => ({
    ...part(name, json, textMember(name)),
    resign: async (submission) => {
      const bytes = new TextEncoder().encode(textMember(name).read(submission) ?? '');
      const signature = await signBytes(keys.tcbSigning, bytes);
      const hex = Buffer.from(signature).toString('hex');
      return textMember(`${name}_signature`).write(submission, hex);
    },
  });
  const signer = pemBlock(textMember('tcb_info_issuer_chain'), 0);
  return [
    signedDer('TCB signing certificate', signer, keys.root),
    signedDer('root CA CRL', hexBytes(textMember('root_ca_crl')), keys.root),
    signedDer('PCK CRL', hexBytes(textMember('pck_crl')), keys.intermediate),
    document('tcb_info'),
    document('qe_identity'),
  ];
}

function realSeeds(tee: 'sgx' | 'tdx'): Seed[] {
  const accepted = readCases('dcap', tee).filter(({ expected }) => expected.expect?.tcbStatus);
  return accepted.map(({ name, quote, collateral, expected }) => ({
    name,
    submission: {
      evidence: new Uint8Array(quote),
      endorsements: JSON.parse(collateral) as Members,
    },
    anchors: vendorAnchors,
    at: new Date(expected.verifyAt),
    parts: [...quoteParts(evidence), ...fileParts()],
    signed: [],
    readers: readersOf(tee, new Uint8Array(quote), JSON.parse(collateral) as Members),
  }));
}

/** Each reader with what it reads in genuine evidence: no signature stands before it here. */
function readersOf(tee: 'sgx' | 'tdx', quoteBytes: Bytes, file: Members): readonly Reader[] {
  const parse = (bytes: Bytes): { readonly pckChain: readonly Bytes[] } =>
    tee === 'sgx' ? parseQuote(bytes, sgx) : parseQuote(bytes, tdx);
  const [pckDer, caDer] = parse(quoteBytes).pckChain as [Bytes, Bytes];
  const collateral = parseCollateral(file);
  const pck = parseCertificate('PCK', pckDer, intelProfile);
  const [sgxId, sgxExtensions] = [...pck.extensions].find(([id]) =>
    id.startsWith('1.2.840.113741'),
  )!;
  const tcbInfo = tee === 'sgx' ? parseSgxTcbInfo : parseTdxTcbInfo;
  return [
    reader('quote', bytesWith(numbersInQuote), quoteBytes, parse),
    reader('certificate', der, pckDer, (bytes) => parseCertificate('c', bytes, intelProfile)),
    reader('CA certificate', der, caDer, (bytes) => parseCertificate('c', bytes, intelProfile)),
    reader('CRL', der, collateral.pckCrl, (bytes) => parseCrl('c', bytes)),
    reader('PCK extensions', der, sgxExtensions.value, (value) =>
      parsePckExtensions({ ...pck, extensions: new Map([[sgxId, { critical: false, value }]]) }),
    ),
    reader('TCB info', json, collateral.tcbInfo.text, tcbInfo),
    reader('QE identity', json, collateral.qeIdentity.text, (text) =>
      parseQeIdentity(text, tee === 'sgx' ? 'QE' : 'TD_QE'),
    ),
  ];
}
