import { concat, sha256, utf8 } from './bytes.ts';
import type { Bytes } from './bytes.ts';
import { encodeEnclaveReport, flags } from './enclave-report.ts';
import type { EnclaveReport } from './enclave-report.ts';
import { encodeHeader, signQuote } from './quote.ts';
import type { QuoteOverrides, QuotingMachine } from './quote.ts';

/** What an SGX quote is asked for, and how it departs from a good one. */
export interface QuoteOptions extends QuoteOverrides {
  /** 64 bytes. */
  readonly reportData: Uint8Array;
  /** MRENCLAVE, 32 bytes. */
  readonly measurement: Uint8Array;
  /** Sets the workload's DEBUG bit. Default false. */
  readonly debug?: boolean;
  /** Other members of the workload's report; they win over the three above. */
  readonly report?: Partial<EnclaveReport>;
}

/** Makes an SGX quote, version 3: "Intel SGX ECDSA Quote Library API", appendix A. */
export async function createSgxQuote(
  machine: QuotingMachine,
  options: QuoteOptions,
): Promise<Bytes> {
  const signed = concat(
    encodeHeader({
      version: 3,
      teeType: 0,
      qeSvn: machine.qeSvn,
      pceSvn: machine.pceSvn,
      ...options.header,
    }),
    encodeEnclaveReport({
      cpuSvn: machine.cpuSvn,
      miscSelect: 0,
      flags: flags.init | flags.mode64Bit | (options.debug === true ? flags.debug : 0n),
      xfrm: 0xe7n,
      mrEnclave: options.measurement,
      mrSigner: await sha256(utf8('BlindAI SIMULATION workload signer')),
      configId: new Uint8Array(64),
      isvProdId: 0,
      isvSvn: 0,
      reportData: options.reportData,
      ...options.report,
    }),
  );
  return signQuote(machine, 'sgx', signed, options, (inPlace) => inPlace);
}
