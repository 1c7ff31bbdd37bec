import type { Manifest, ConnectionRow, UnmatchedClaims } from '@blindai/attestation';
import type { ServerConfig } from '@blindai/protocol';

/** From the weakest to the strongest. */
const isolations = ['none', 'separated', 'sandboxed'] as const;

/** What is demanded where the manifest says nothing. */
const strict = { isolation: 'sandboxed', anonymous: false } as const;
const simulated = { isolation: 'none', anonymous: true } as const;

/**
 * Judges the settings that the keyset vouches for (trust.md, "Keyset" and "Simulation"): `tee` agrees with
 * the evidence, isolation is at least what is demanded, and an anonymous server is accepted by name only.
 * Weakened where less than the strict default was accepted.
 */
export function enforceConfig(
  config: ServerConfig,
  claims: Pick<UnmatchedClaims, 'anchor' | 'tee'>,
  manifest: Manifest | undefined,
): ConnectionRow {
  const tee = claims.anchor === 'simulation' ? 'simulation' : claims.tee;
  if (config.tee !== tee) {
    return row('refused', `the evidence is of ${tee}, the server says ${config.tee}`);
  }
  const defaults = claims.anchor === 'simulation' ? simulated : strict;
  const demanded = { ...defaults, ...manifest?.config };
  if (strength(config.isolation) < strength(demanded.isolation)) {
    return row(
      'refused',
      `isolation must be at least ${demanded.isolation}, the server has ${config.isolation}`,
    );
  }
  if (config.anonymous && !demanded.anonymous) {
    return row('refused', 'the server is anonymous: anyone may upload and run');
  }
  const isStrict = config.isolation === strict.isolation && !config.anonymous;
  const anonymous = config.anonymous ? 'anonymous' : 'not anonymous';
  return row(isStrict ? 'passed' : 'weakened', `isolation ${config.isolation}, ${anonymous}`);
}

function strength(isolation: ServerConfig['isolation']): number {
  return isolations.indexOf(isolation);
}

function row(result: ConnectionRow['result'], detail: string): ConnectionRow {
  return { name: 'config', result, detail };
}
