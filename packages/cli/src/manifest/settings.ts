import type { Manifest } from '@blindai/attestation';
import type { Described, Weakening } from './description.ts';

/** What `[transport]` demands. */
export function describeTransport({ transport }: Manifest): Described {
  const keyExchange = transport.postQuantum ? 'post-quantum only (ML-KEM)' : 'any of TLS 1.3';
  const facts = { 'key exchange': keyExchange };
  return { table: { key: 'transport', facts, ended: false }, weakened: [] };
}

/** What `[config]` demands; a simulation has weaker defaults. */
export function describeConfig({ config: { isolation, anonymous } }: Manifest): Described {
  const weakened: readonly Weakening[] = [
    ...(isolation === undefined || isolation === 'sandboxed'
      ? []
      : [
          {
            key: 'config.isolation',
            check: 'config',
            reason: `${isolation} will do: a hostile model is not kept from everything of the server`,
          } as const,
        ]),
    ...(anonymous === true
      ? [
          {
            key: 'config.anonymous',
            check: 'config',
            reason: 'a server is accepted where anybody may upload and run',
          } as const,
        ]
      : []),
  ];
  const facts = {
    isolation:
      isolation === undefined ? 'sandboxed (none in a simulation)' : `at least ${isolation}`,
    anonymous:
      anonymous === undefined
        ? 'refused (accepted in a simulation)'
        : anonymous
          ? 'accepted'
          : 'refused',
  };
  return { table: { key: 'config', facts, ended: false }, weakened };
}
