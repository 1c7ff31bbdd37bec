import {
  type acceptBootEvidence,
  allowDebug,
  anyMeasurement,
  vendorAnchors,
  type Manifest,
  type Policy,
  type UnmatchedPolicy,
} from '@blindai/attestation';

/** What a client accepts of a server, before it sends data. */
export interface ServerPolicy {
  /** True takes the simulator's root keys instead of the vendors', and proves nothing. Default false. */
  readonly simulation?: boolean | undefined;
  /** Required unless `simulation`, or `[anyMeasurement]`. */
  readonly manifest?: Manifest | undefined;
  /** Weakening: accept an enclave whose memory the host can read. */
  readonly [allowDebug]?: true | undefined;
  /** Weakening: accept the quote made at boot, which answers no nonce and may be old. */
  readonly [acceptBootEvidence]?: true | undefined;
  readonly [anyMeasurement]?: undefined;
}

/** A policy that compares with no manifest's entry. What it accepts is good for looking at only. */
export interface UnmatchedServerPolicy extends Omit<ServerPolicy, typeof anyMeasurement> {
  readonly [anyMeasurement]: true;
}

/** The part of a policy that the verifier of evidence judges. */
export async function attestationPolicy(
  policy: ServerPolicy | UnmatchedServerPolicy,
): Promise<Policy | UnmatchedPolicy> {
  return {
    anchors: policy.simulation === true ? await loadSimulationAnchors() : vendorAnchors,
    manifest: policy.manifest,
    [allowDebug]: policy[allowDebug],
    [anyMeasurement]: policy[anyMeasurement],
  };
}

/** Loaded when it is asked for only: a client of real servers never holds the public key. */
async function loadSimulationAnchors(): Promise<Policy['anchors']> {
  const { simulationAnchors } = await import('@blindai/attestation/simulation');
  return simulationAnchors;
}
