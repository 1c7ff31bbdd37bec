import { toHex } from './bytes.ts';
import { issueCertificate } from './certificate.ts';
import type { CertificateOverrides, SimulatedCertificate } from './certificate.ts';
import { distinguishedName } from './distinguished-name.ts';
import { createRoot, rootCrlUrl } from './root.ts';
import { sgxExtension } from './sgx-extension.ts';
import type { MachineIdentity } from './sgx-extension.ts';
import { around } from './validity.ts';
import { BasicConstraintsExtension, KeyUsageFlags, KeyUsagesExtension } from './x509.ts';
import type { Extension } from './x509.ts';

/** Where a platform's PCK certificate would point for its CRL; the name never resolves. */
const pckCrlUrl =
  'https://api.blindai-simulation.invalid/sgx/certification/v4/pckcrl?ca=platform&encoding=der';

/** The certificates of one platform: root over intermediate over PCK, and root over TCB signing. */
export interface Hierarchy {
  readonly root: SimulatedCertificate;
  readonly intermediate: SimulatedCertificate;
  readonly pck: SimulatedCertificate;
  readonly tcbSigning: SimulatedCertificate;
}

/** The kinds of certificate, by name. */
export type CertificateName = keyof Hierarchy;

/** Issues the certificates of a machine, top down. */
export async function createHierarchy(
  at: Date,
  machine: MachineIdentity,
  overrides: Partial<Record<CertificateName, CertificateOverrides>> = {},
): Promise<Hierarchy> {
  const root = await createRoot(overrides.root);
  const intermediate = await issueCertificate(
    {
      subject: distinguishedName('Intel SGX PCK Platform CA'),
      validity: around(at, 1, 15 * 365),
      crlUrl: rootCrlUrl,
      extensions: [
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
        new BasicConstraintsExtension(true, 0, true),
      ],
    },
    root,
    overrides.intermediate,
  );
  const pck = await issueCertificate(
    {
      subject: distinguishedName('Intel SGX PCK Certificate'),
      validity: around(at, 1, 7 * 365),
      serialNumber: randomSerialNumber(),
      crlUrl: pckCrlUrl,
      extensions: [...endEntity(), sgxExtension(machine)],
    },
    intermediate,
    overrides.pck,
  );
  const tcbSigning = await issueCertificate(
    {
      subject: distinguishedName('Intel SGX TCB Signing'),
      validity: around(at, 1, 7 * 365),
      crlUrl: rootCrlUrl,
      extensions: endEntity(),
    },
    root,
    overrides.tcbSigning,
  );
  return { root, intermediate, pck, tcbSigning };
}

function endEntity(): Extension[] {
  const usage = KeyUsageFlags.digitalSignature | KeyUsageFlags.nonRepudiation;
  return [
    new KeyUsagesExtension(usage, true),
    new BasicConstraintsExtension(false, undefined, true),
  ];
}

function randomSerialNumber(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(20));
  bytes[0] = (bytes[0] ?? 0) | 0x40; // always 20 significant bytes
  return toHex(bytes);
}
