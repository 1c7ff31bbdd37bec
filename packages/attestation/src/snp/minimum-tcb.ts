import { describeTcb, type SnpTcb } from './tcb.ts';
import type { SnpEvidence } from './verify-snp.ts';

/** Versions that the firmware reports, may not go below, and had when the guest started. */
const judgedTcbs = ['reported', 'committed', 'launch'] as const;

/** Which part is below its floor, in which version; `null` if none is. */
export function describeBelow({ fmc, ...floors }: SnpTcb, tcb: SnpEvidence['tcb']): string | null {
  for (const which of judgedTcbs) {
    const found = tcb[which];
    if ((fmc === undefined) !== (found.fmc === undefined)) {
      return `a floor for fmc is for Turin, and Turin needs one: ${which} TCB is ${describeTcb(found)}`;
    }
    for (const [part, floor] of Object.entries({ ...floors, ...(fmc !== undefined && { fmc }) })) {
      const version = found[part as keyof typeof found] ?? 0;
      if (version < floor) {
        return `${which} TCB: ${part} of at least ${floor} demanded, ${version} found`;
      }
    }
  }
  return null;
}
