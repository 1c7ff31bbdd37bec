import { access } from 'node:fs/promises';
import { ServerError } from '../errors.ts';

/** Where each TEE shows itself to a program inside it, most telling first. */
export const teeMarks = [
  { path: '/dev/attestation/quote', tee: 'SGX under Gramine' },
  { path: '/dev/attestation/report', tee: 'SGX under Gramine' },
  { path: '/dev/tdx_guest', tee: 'Intel TDX' },
  { path: '/dev/tdx-guest', tee: 'Intel TDX (early driver)' },
  { path: '/dev/sev-guest', tee: 'AMD SEV-SNP' },
  { path: '/dev/nsm', tee: 'AWS Nitro Enclaves' },
  { path: '/sys/kernel/config/tsm/report', tee: 'a confidential VM (configfs-tsm)' },
  { path: '/dev/sgx_enclave', tee: 'an SGX machine, outside an enclave' },
  { path: '/dev/sgx/enclave', tee: 'an SGX machine (early driver), outside an enclave' },
] as const;

/**
 * Looks for the TEE that the server runs in, and refuses: this version has a provider for none of them.
 *
 * @param exists - Whether a path is there; for tests.
 * @throws {ServerError} `no-tee`, with what was looked for, or with what was found and cannot be used.
 */
export async function refuseWithoutProvider(
  exists: (path: string) => Promise<boolean> = isThere,
): Promise<never> {
  const found = [];
  for (const mark of teeMarks) if (await exists(mark.path)) found.push(mark);
  if (found.length > 0) {
    const names = found.map(({ tee, path }) => `${tee} at ${path}`).join(', ');
    throw new ServerError(
      'no-tee',
      `found ${names}, but this version can make evidence with --simulation only`,
    );
  }
  const paths = teeMarks.map(({ path }) => path).join(', ');
  throw new ServerError(
    'no-tee',
    `no TEE here: looked for ${paths}. Start with --simulation to try it without protection`,
  );
}

async function isThere(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}
