import { X509Certificate, createHash, createVerify } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  createPlatform,
  disclaimer,
  expired,
  generateKeys,
  notYetValid,
  simulatedTcbStatuses,
} from '../src/index.ts';
import type { CertificateName, SimulatedPlatform, TcbInfo } from '../src/index.ts';
import { X509Crl } from '../src/x509.ts';

const at = new Date('2026-11-23T12:00:00Z');
const names = ['root', 'intermediate', 'pck', 'tcbSigning'] as const;
const workload = {
  reportData: new Uint8Array(64).fill(7),
  measurement: new Uint8Array(32).fill(9),
};

function certificate(platform: SimulatedPlatform, name: CertificateName): X509Certificate {
  return new X509Certificate(platform.certificates[name].pem);
}

function tcbInfo(platform: SimulatedPlatform): TcbInfo {
  return (JSON.parse(platform.collateral.tcb_info) as { tcbInfo: TcbInfo }).tcbInfo;
}

describe('a good platform', () => {
  test('says in every certificate what it is worth', async () => {
    const platform = await createPlatform({ at });
    for (const name of names) {
      expect(certificate(platform, name).subject).toContain(`OU=${disclaimer}`);
      expect(certificate(platform, name).issuer).toContain(`OU=${disclaimer}`);
    }
  });

  test('has certificates signed by their issuers', async () => {
    const platform = await createPlatform({ at });
    const issuers = { root: 'root', intermediate: 'root', pck: 'intermediate', tcbSigning: 'root' };
    for (const name of names) {
      const issuer = certificate(platform, issuers[name] as CertificateName);
      expect(certificate(platform, name).checkIssued(issuer)).toBe(true);
      expect(certificate(platform, name).verify(issuer.publicKey)).toBe(true);
    }
  });

  test('has documents signed over the exact bytes', async () => {
    const platform = await createPlatform({ at });
    const key = certificate(platform, 'tcbSigning').publicKey;
    for (const signed of [platform.collateral.tcb_info, platform.collateral.qe_identity]) {
      const parts =
        /^\{"\w+":(?<document>\{.*\}),"signature":"(?<signature>[0-9a-f]{128})"\}$/.exec(
          signed,
        )?.groups;
      const { document = '', signature = '' } = parts ?? {};
      const verifier = createVerify('sha256').update(document);
      expect(verifier.verify({ key, dsaEncoding: 'ieee-p1363' }, signature, 'hex')).toBe(true);
    }
  });

  test('has collateral that counts for 30 days', async () => {
    const platform = await createPlatform({ at });
    const { issueDate, nextUpdate } = tcbInfo(platform);
    expect([issueDate, nextUpdate]).toEqual(['2026-11-22T12:00:00Z', '2026-12-23T12:00:00Z']);
    const crl = new X509Crl(platform.collateral.pck_crl);
    expect([crl.thisUpdate, crl.nextUpdate]).toEqual([new Date(issueDate), new Date(nextUpdate)]);
    expect(crl.entries).toEqual([]);
  });

  test('gets new collateral for another day, with the same certificates', async () => {
    const platform = await createPlatform({ at });
    const later = await platform.issueCollateral(new Date('2027-06-01T00:00:00Z'));
    expect(JSON.parse(later.qe_identity)).toMatchObject({
      enclaveIdentity: { issueDate: '2027-05-31T00:00:00Z', nextUpdate: '2027-07-01T00:00:00Z' },
    });
    expect(later.pck_certificate).toBe(platform.collateral.pck_certificate);
    expect(later.pck_signing_chain).toBe(platform.collateral.pck_signing_chain);
  });

  test('makes a quote that its keys vouch for', async () => {
    const platform = await createPlatform({ at });
    const quote = Buffer.from(await platform.quote(workload));
    const attestationKey = quote.subarray(500, 564);
    const spki = Buffer.from('3059301306072a8648ce3d020106082a8648ce3d03010703420004', 'hex');
    const key = {
      key: Buffer.concat([spki, attestationKey]),
      format: 'der',
      type: 'spki',
    } as const;
    const dsaEncoding = 'ieee-p1363';
    const workloadSignature = createVerify('sha256').update(quote.subarray(0, 432));
    expect(workloadSignature.verify({ ...key, dsaEncoding }, quote.subarray(436, 500))).toBe(true);

    const qeReport = quote.subarray(564, 948);
    const pck = { key: certificate(platform, 'pck').publicKey, dsaEncoding } as const;
    const qeSignature = createVerify('sha256').update(qeReport);
    expect(qeSignature.verify(pck, quote.subarray(948, 1012))).toBe(true);
    const bound = createHash('sha256').update(attestationKey).update(quote.subarray(1014, 1046));
    expect(qeReport.subarray(320, 352)).toEqual(bound.digest());

    expect(quote.subarray(112, 144).every((byte) => byte === 9)).toBe(true);
    expect(quote.subarray(368, 432).every((byte) => byte === 7)).toBe(true);
  });
});

describe('a platform that departs from a good one', () => {
  test.each(simulatedTcbStatuses)('has the TCB status %s by its SVNs', async (status) => {
    const platform = await createPlatform({ at, tcbStatus: status });
    const svns = platform.machine.componentSvns;
    const level = tcbInfo(platform).tcbLevels.find(({ tcb }) =>
      tcb.sgxtcbcomponents.every(({ svn }, index) => (svns[index] ?? 0) >= svn),
    );
    expect(level?.tcbStatus ?? 'unmatched').toBe(status);
    const quote = await platform.quote(workload);
    expect([...quote.subarray(48, 64)]).toEqual(svns);
  });

  test.each([
    ['UpToDate', 8],
    ['OutOfDate', 6],
    ['Revoked', 4],
    ['unmatched', 2],
  ] as const)('has a quoting enclave that is %s', async (qeStatus, svn) => {
    const platform = await createPlatform({ at, qeStatus });
    const quote = Buffer.from(await platform.quote(workload));
    expect([quote.readUInt16LE(8), quote.readUInt16LE(564 + 258)]).toEqual([svn, svn]);
    const { enclaveIdentity } = JSON.parse(platform.collateral.qe_identity) as {
      enclaveIdentity: { tcbLevels: { tcb: { isvsvn: number }; tcbStatus: string }[] };
    };
    const level = enclaveIdentity.tcbLevels.find(({ tcb }) => svn >= tcb.isvsvn);
    expect(level?.tcbStatus ?? 'unmatched').toBe(qeStatus);
  });

  test.each([
    ['intermediate', 'root_ca_crl'],
    ['tcbSigning', 'root_ca_crl'],
    ['pck', 'pck_crl'],
  ] as const)('has its %s certificate revoked', async (name, member) => {
    const platform = await createPlatform({ at, revoked: [name] });
    for (const list of ['root_ca_crl', 'pck_crl'] as const) {
      const crl = new X509Crl(platform.collateral[list]);
      expect(crl.entries.map(({ serialNumber }) => serialNumber.toUpperCase())).toEqual(
        list === member ? [certificate(platform, name).serialNumber] : [],
      );
    }
  });

  test.each(names)('has its %s certificate expired, or not valid yet', async (name) => {
    const past = await createPlatform({ at, certificates: { [name]: { validity: expired(at) } } });
    expect(new Date(certificate(past, name).validTo)).toEqual(new Date('2026-11-23T11:59:59Z'));
    const future = await createPlatform({
      at,
      certificates: { [name]: { validity: notYetValid(at) } },
    });
    expect(new Date(certificate(future, name).validFrom)).toEqual(new Date('2026-11-23T12:00:01Z'));
  });

  test('has another FMSPC and PCEID, in the certificate and in the TCB info', async () => {
    const platform = await createPlatform({ at, fmspc: '00906ea10000', pceId: '0a00' });
    expect(tcbInfo(platform)).toMatchObject({ fmspc: '00906EA10000', pceId: '0A00' });
    const der = Buffer.from(platform.certificates.pck.der);
    expect(der.includes(Buffer.from('040600906ea10000', 'hex'))).toBe(true);
    expect(der.includes(Buffer.from('04020a00', 'hex'))).toBe(true);
  });

  test('is signed by another key where that was asked for', async () => {
    const other = (await generateKeys()).privateKey;
    const platform = await createPlatform({ at, certificates: { pck: { signedBy: other } } });
    const issuer = certificate(platform, 'intermediate');
    expect(certificate(platform, 'pck').checkIssued(issuer)).toBe(true);
    expect(certificate(platform, 'pck').verify(issuer.publicKey)).toBe(false);
  });

  test('has every document edited before and every DER changed after it was signed', async () => {
    const platform = await createPlatform({
      at,
      certificates: { tcbSigning: { edit: (template) => ({ ...template, serialNumber: '0b' }) } },
      crls: {
        root: { edit: (template) => ({ ...template, revoked: ['0c'] }) },
        pck: { tamper: (der) => der.fill(0, -1) },
      },
      documents: { tcbInfo: { edit: (document) => ({ ...document, version: 9 }) } },
    });
    expect(certificate(platform, 'tcbSigning').serialNumber).toBe('0B');
    expect(new X509Crl(platform.collateral.root_ca_crl).entries[0]?.serialNumber).toBe('0c');
    expect(Buffer.from(new X509Crl(platform.collateral.pck_crl).rawData).at(-1)).toBe(0);
    expect(tcbInfo(platform).version).toBe(9);
  });
});

describe('what no format can hold is a mistake of the caller', () => {
  test.each([
    ['fmspc', { fmspc: '00' }, 'fmspc: expected 6 bytes, found 1'],
    ['pceId', { pceId: '000000' }, 'pceId: expected 2 bytes, found 3'],
    ['hexadecimal', { fmspc: 'xyz' }, 'expected hexadecimal bytes'],
  ])('%s', async (_, options, message) => {
    await expect(createPlatform({ at, ...options })).rejects.toThrow(new TypeError(message));
  });

  test.each([
    ['reportData: expected 64 bytes, found 63', { reportData: new Uint8Array(63) }],
    ['mrEnclave: expected 32 bytes, found 33', { measurement: new Uint8Array(33) }],
    ['mrSigner: expected 32 bytes, found 1', { report: { mrSigner: new Uint8Array(1) } }],
    ['qeVendorId: expected 16 bytes, found 0', { header: { qeVendorId: new Uint8Array(0) } }],
  ])('%s', async (message, options) => {
    const platform = await createPlatform({ at });
    await expect(platform.quote({ ...workload, ...options })).rejects.toThrow(
      new TypeError(message),
    );
  });
});
