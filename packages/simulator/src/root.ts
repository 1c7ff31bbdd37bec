import { adoptCertificate, issueCertificate } from './certificate.ts';
import type { CertificateOverrides, SimulatedCertificate } from './certificate.ts';
import { distinguishedName } from './distinguished-name.ts';
import { importKeys } from './keys.ts';
import { BasicConstraintsExtension, KeyUsageFlags, KeyUsagesExtension } from './x509.ts';

/**
 * The private key of the fake vendor's root. It is PUBLIC, on purpose: whoever reads this can
 * sign simulated evidence, so a signature under this root proves nothing to anybody.
 */
export const publicRootPrivateKey: JsonWebKey = {
  kty: 'EC',
  crv: 'P-256',
  x: 'KwBzgOSxEqqwYlQIREiKV5cy0LsLokc4LNwTElu7kGo',
  y: 'soIbAO0pxf7HOUhQxz80erpi04PaNT17AvS0qKNObQQ',
  d: 'o68UI0_mbJelXsGBZyKwmqI6tyC3gjhndCMCuVS7ad0',
};

/** Where the vendor's own certificates would point for the root's CRL; the name never resolves. */
export const rootCrlUrl = 'https://certificates.blindai-simulation.invalid/IntelSGXRootCA.der';

/**
 * The root certificate. It is the same in every simulation, as the vendor's is: some verifiers
 * compare the whole certificate, and an ECDSA signature made anew would differ.
 */
export const rootPem = `-----BEGIN CERTIFICATE-----
MIIC8DCCApegAwIBAgIUewVlLfNewDosnHaJcsJCFIz5kHwwCgYIKoZIzj0EAwIw
gZgxGjAYBgNVBAMMEUludGVsIFNHWCBSb290IENBMS4wLAYDVQQLDCVCbGluZEFJ
IFNJTVVMQVRJT04gLSBwcm90ZWN0cyBub3RoaW5nMRowGAYDVQQKDBFJbnRlbCBD
b3Jwb3JhdGlvbjEUMBIGA1UEBwwLU2FudGEgQ2xhcmExCzAJBgNVBAgMAkNBMQsw
CQYDVQQGEwJVUzAeFw0xODA1MjExMDQ1MTBaFw00OTEyMzEyMzU5NTlaMIGYMRow
GAYDVQQDDBFJbnRlbCBTR1ggUm9vdCBDQTEuMCwGA1UECwwlQmxpbmRBSSBTSU1V
TEFUSU9OIC0gcHJvdGVjdHMgbm90aGluZzEaMBgGA1UECgwRSW50ZWwgQ29ycG9y
YXRpb24xFDASBgNVBAcMC1NhbnRhIENsYXJhMQswCQYDVQQIDAJDQTELMAkGA1UE
BhMCVVMwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQrAHOA5LESqrBiVAhESIpX
lzLQuwuiRzgs3BMSW7uQarKCGwDtKcX+xzlIUMc/NHq6YtOD2jU9ewL0tKijTm0E
o4G8MIG5MB8GA1UdIwQYMBaAFHsFZS3zXsA6LJx2iXLCQhSM+ZB8MFMGA1UdHwRM
MEowSKBGoESGQmh0dHBzOi8vY2VydGlmaWNhdGVzLmJsaW5kYWktc2ltdWxhdGlv
bi5pbnZhbGlkL0ludGVsU0dYUm9vdENBLmRlcjAdBgNVHQ4EFgQUewVlLfNewDos
nHaJcsJCFIz5kHwwDgYDVR0PAQH/BAQDAgEGMBIGA1UdEwEB/wQIMAYBAf8CAQEw
CgYIKoZIzj0EAwIDRwAwRAIgDcKsjTvBnHUVVF9MLbtEVeRuhfaBQQ+4W2kyWlnH
8/gCIDGSgzV4TxrCTCd2kcc7phjG1ZO9J/9OJBZaLps5Pi32
-----END CERTIFICATE-----
`;

/** The root of one simulated platform: the one above, unless something about it shall be wrong. */
export async function createRoot(overrides?: CertificateOverrides): Promise<SimulatedCertificate> {
  const keys = overrides?.keys ?? (await importKeys(publicRootPrivateKey));
  if (overrides === undefined) return adoptCertificate(rootPem, keys);
  return issueRoot({ ...overrides, keys });
}

async function issueRoot(overrides: CertificateOverrides): Promise<SimulatedCertificate> {
  return issueCertificate(
    {
      subject: distinguishedName('Intel SGX Root CA'),
      validity: {
        from: new Date('2018-05-21T10:45:10Z'),
        to: new Date('2049-12-31T23:59:59Z'),
      },
      crlUrl: rootCrlUrl,
      extensions: [
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
        new BasicConstraintsExtension(true, 1, true),
      ],
    },
    null,
    overrides,
  );
}
