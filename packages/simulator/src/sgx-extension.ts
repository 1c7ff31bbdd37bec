import type { Bytes } from './bytes.ts';
import { boolean, enumerated, integer, octets, oid, sequence } from './der.ts';
import { Extension } from './x509.ts';

const sgxOid = '1.2.840.113741.1.13.1';

/** What a PCK certificate tells of its machine: "Intel SGX PCK Certificate and CRL", section 1.3.5. */
export interface MachineIdentity {
  /** 16 bytes. */
  readonly ppid: Uint8Array;
  /** 16 component SVNs, each a byte. */
  readonly componentSvns: readonly number[];
  readonly pceSvn: number;
  /** 2 bytes. */
  readonly pceId: Uint8Array;
  /** 6 bytes. */
  readonly fmspc: Uint8Array;
  /** 16 bytes. */
  readonly platformInstanceId: Uint8Array;
}

/** The SGX extension as a multi-package (scalable) platform's certificate has it. */
export function sgxExtension(machine: MachineIdentity): Extension {
  const member = (path: string, value: Bytes): Bytes => sequence(oid(`${sgxOid}.${path}`), value);
  const tcb = sequence(
    ...machine.componentSvns.map((svn, index) => member(`2.${index + 1}`, integer(svn))),
    member('2.17', integer(machine.pceSvn)),
    member('2.18', octets(Uint8Array.from(machine.componentSvns))),
  );
  const configuration = sequence(
    member('7.1', boolean(true)), // dynamic platform
    member('7.2', boolean(false)), // cached keys
    member('7.3', boolean(false)), // SMT
  );
  const extensions = sequence(
    member('1', octets(machine.ppid)),
    member('2', tcb),
    member('3', octets(machine.pceId)),
    member('4', octets(machine.fmspc)),
    member('5', enumerated(1)), // scalable
    member('6', octets(machine.platformInstanceId)),
    member('7', configuration),
  );
  return new Extension(sgxOid, false, extensions);
}
