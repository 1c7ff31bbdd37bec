import { rootPem } from '@blindai/simulator';

/** The trust anchors of all cases: certificates in PEM, as verifiers are configured with them. */
export interface Roots {
  readonly warning: string;
  /** In place of "Intel SGX Root CA". */
  readonly intel: string;
}

/** The simulator's roots, whose private halves are public. */
export const roots: Roots = {
  warning: 'The private keys of these roots are public. Trust them in tests only.',
  intel: rootPem,
};
