/** Every status that Intel gives a TCB level of a platform. */
export const levelStatuses = [
  'UpToDate',
  'SWHardeningNeeded',
  'ConfigurationNeeded',
  'ConfigurationAndSWHardeningNeeded',
  'OutOfDate',
  'OutOfDateConfigurationNeeded',
  'Revoked',
] as const;

/** One of {@link levelStatuses}. */
export type LevelStatus = (typeof levelStatuses)[number];

/** What a platform is, all things considered: of a TD, also that starting it again would bring it up to date. */
export type PlatformStatus =
  LevelStatus | 'TDRelaunchAdvised' | 'TDRelaunchAdvisedConfigurationNeeded';

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

/** Statuses that Intel gives a TCB level of a TDX module. */
export const moduleStatuses = ['UpToDate', 'OutOfDate', 'Revoked'] as const;

/** One of {@link moduleStatuses}. */
export type ModuleStatus = (typeof moduleStatuses)[number];

/** What a platform's status becomes when a part of it is out of date. */
const withOutdatedPart: Readonly<Record<LevelStatus, LevelStatus>> = {
  UpToDate: 'OutOfDate',
  SWHardeningNeeded: 'OutOfDate',
  ConfigurationNeeded: 'OutOfDateConfigurationNeeded',
  ConfigurationAndSWHardeningNeeded: 'OutOfDateConfigurationNeeded',
  OutOfDate: 'OutOfDate',
  OutOfDateConfigurationNeeded: 'OutOfDateConfigurationNeeded',
  Revoked: 'Revoked',
};

/** Status of a platform and its quoting enclave or TDX module together, as Intel's library converges them. */
export function convergeStatus(platform: LevelStatus, part: QeStatus | ModuleStatus): LevelStatus {
  if (part === 'UpToDate') return platform;
  return part === 'Revoked' ? 'Revoked' : withOutdatedPart[platform];
}
