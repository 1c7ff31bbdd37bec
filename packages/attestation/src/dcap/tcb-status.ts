/** Every status that Intel gives a TCB level of a platform. */
export const tcbStatuses = [
  'UpToDate',
  'SWHardeningNeeded',
  'ConfigurationNeeded',
  'ConfigurationAndSWHardeningNeeded',
  'OutOfDate',
  'OutOfDateConfigurationNeeded',
  'Revoked',
] as const;

/** One of {@link tcbStatuses}. */
export type PlatformStatus = (typeof tcbStatuses)[number];

/** Statuses that Intel gives a TCB level of a quoting enclave; all but the first and last count as out of date. */
export const qeStatuses = [
  'UpToDate',
  'ConfigurationNeeded',
  'OutOfDate',
  'OutOfDateConfigurationNeeded',
  'Revoked',
] as const;

/** One of {@link qeStatuses}. */
export type QeStatus = (typeof qeStatuses)[number];

/** What a platform's status becomes when its quoting enclave is out of date. */
const withOutdatedQe: Readonly<Record<PlatformStatus, PlatformStatus>> = {
  UpToDate: 'OutOfDate',
  SWHardeningNeeded: 'OutOfDate',
  ConfigurationNeeded: 'OutOfDateConfigurationNeeded',
  ConfigurationAndSWHardeningNeeded: 'OutOfDateConfigurationNeeded',
  OutOfDate: 'OutOfDate',
  OutOfDateConfigurationNeeded: 'OutOfDateConfigurationNeeded',
  Revoked: 'Revoked',
};

/** Status of a platform and its quoting enclave together, as Intel's library converges them. */
export function convergeStatus(platform: PlatformStatus, qe: QeStatus): PlatformStatus {
  if (qe === 'UpToDate') return platform;
  return qe === 'Revoked' ? 'Revoked' : withOutdatedQe[platform];
}
