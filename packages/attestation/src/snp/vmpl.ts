import { plan, type PlannedCheck, type Verdict } from '../verdict.ts';

/** Which of its privilege levels the guest asked from. */
export const vmplCheck: PlannedCheck = plan(
  'vmpl',
  'asked from VMPL 0',
  'the hardware, in the report; judged by the policy',
  'AMD 56860, "ATTESTATION_REPORT"; docs/trust.md',
);

/** Refuses a report from another level than 0, where no entry of a manifest says which it must be. */
export function enforceVmpl(vmpl: number, verdict: Verdict): void {
  if (vmpl !== 0) verdict.refuse('vmpl', `VMPL 0 demanded, ${describeVmpl(vmpl)} found`);
  verdict.passed('vmpl', 'asked from VMPL 0');
}

/** A report that the host asked for has no level. */
export function describeVmpl(vmpl: number): string {
  return vmpl === 0xffff_ffff ? 'a report that the host asked for' : `VMPL ${vmpl}`;
}
