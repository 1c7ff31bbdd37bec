import { signCertificate } from '../authority/certificate.ts';
import { generateP384Keys } from '../authority/keys.ts';
import type { Bytes } from '../bytes.ts';
import type { CertificateOverrides, SimulatedCertificate } from '../certificate.ts';
import { ia5String, unsigned } from '../der.ts';
import { around } from '../validity.ts';
import { Extension } from '../x509.ts';
import { authorityName } from './authorities.ts';
import { amdName } from './distinguished-name.ts';
import type { SnpProduct } from './product.ts';
import type { SnpTcb } from './tcb.ts';

/** The key that signs reports: a chip's own, or one that AMD gave to a cloud provider. */
export type EndorsementKeyKind = 'vcek' | 'vlek';

/** How the certificate of an endorsement key departs from a good one. */
export interface EndorsementKeyOverrides extends CertificateOverrides {
  /** Parts of the TCB in it, other than the machine's. */
  readonly tcb?: Partial<SnpTcb>;
  readonly productName?: string;
  /** `null` leaves the extension out. Default: a VCEK's chip id (Turin: its first 8 bytes), none in a VLEK. */
  readonly hardwareId?: Uint8Array | null;
  /** `null` leaves the extension out. Default: none in a VCEK. */
  readonly cspId?: string | null;
  /** Whether the signature algorithm names its trailer field, as AMD's did until about 2025. Default false. */
  readonly trailerField?: boolean;
}

/** What an endorsement key's certificate says of its machine. */
export interface EndorsedMachine {
  readonly product: SnpProduct;
  readonly tcb: SnpTcb;
  /** 64 bytes. */
  readonly chipId: Uint8Array;
}

/** Extensions of AMD's: "VCEK Certificate and KDS Interface Specification" (AMD 57230), section 3.1. */
const amdOid = '1.3.6.1.4.1.3704.1';

/** Issues the certificate of an endorsement key. */
export async function issueEndorsementKey(
  at: Date,
  kind: EndorsementKeyKind,
  machine: EndorsedMachine,
  signingKey: CryptoKey,
  overrides: EndorsementKeyOverrides = {},
): Promise<SimulatedCertificate> {
  const { product } = machine;
  const isVcek = kind === 'vcek';
  const {
    productName = isVcek && product === 'Milan' ? 'Milan-B0' : product,
    hardwareId = isVcek ? machine.chipId.subarray(0, product === 'Turin' ? 8 : 64) : null,
    cspId = isVcek ? null : 'CN=blindai-simulation.invalid',
  } = overrides;
  return signCertificate({
    template: {
      serialNumber: '00', // of every one of AMD's
      subject: amdName(isVcek ? 'SEV-VCEK' : 'SEV-VLEK'),
      issuer: authorityName(isVcek ? 'ask' : 'asvk', product),
      validity: around(at, 1, isVcek ? 7 * 365 : 365),
      extensions: [
        extension('1', unsigned(Uint8Array.of(product === 'Turin' ? 1 : 0))),
        extension('2', ia5String(productName)),
        ...tcbExtensions(product, { ...machine.tcb, ...overrides.tcb }),
        ...(hardwareId === null ? [] : [extension('4', Uint8Array.from(hardwareId))]),
        ...(cspId === null ? [] : [extension('5', ia5String(cspId))]),
      ],
    },
    keys: overrides.keys ?? (await generateP384Keys()),
    signingKey,
    trailerField: overrides.trailerField ?? false,
    overrides,
  });
}

/** The parts in AMD's order, which differs between the products; spl4 to spl7 are unused and zero. */
function tcbExtensions(product: SnpProduct, tcb: SnpTcb): Extension[] {
  const { bootloader, tee, snp, microcode, fmc } = tcb;
  const parts: readonly (readonly [path: string, svn: number])[] =
    product === 'Turin'
      ? [
          ['9', fmc],
          ['1', bootloader],
          ['2', tee],
          ['3', snp],
          ['5', 0],
          ['6', 0],
          ['7', 0],
          ['8', microcode],
        ]
      : [
          ['1', bootloader],
          ['2', tee],
          ['4', 0],
          ['5', 0],
          ['6', 0],
          ['7', 0],
          ['3', snp],
          ['8', microcode],
        ];
  return parts.map(([path, svn]) => extension(`3.${path}`, unsigned(Uint8Array.of(svn))));
}

function extension(path: string, value: Bytes): Extension {
  return new Extension(`${amdOid}.${path}`, false, value);
}
