import type { Manifest, ConnectionRow } from '@blindai/attestation';

/**
 * Judges the key exchange of a TLS connection. With `post_quantum = true` in the manifest only groups with
 * ML-KEM are accepted, such as X25519MLKEM768: what is recorded today then stays closed to the quantum
 * computers of tomorrow.
 *
 * @param group - As the TLS library names it; "unknown" where it names none.
 */
export function enforceTransport(group: string, manifest: Manifest | undefined): ConnectionRow {
  const isPostQuantum = /MLKEM\d/.test(group);
  const detail = `TLS 1.3 with ${group}`;
  if (manifest?.transport.postQuantum === true && !isPostQuantum) {
    return row('refused', `${detail}, the manifest demands a post-quantum group`);
  }
  return row('passed', detail);
}

function row(result: ConnectionRow['result'], detail: string): ConnectionRow {
  return { name: 'transport', result, detail };
}
