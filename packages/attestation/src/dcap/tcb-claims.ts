import type { TcbClaims } from '../claims.ts';
import type { PlatformTcb } from './intel-policy.ts';
import type { PckExtensions } from './pck-extensions.ts';

/** What Intel says of an accepted platform. */
export function intelTcbClaims(tcb: PlatformTcb, platform: PckExtensions): TcbClaims {
  const { status, advisories, evaluationDataNumber, date } = tcb;
  if (!status || !date) throw new Error('a platform without a status was accepted');
  return { status, advisories, evaluationDataNumber, date, parts: { pceSvn: platform.pceSvn } };
}
