import { ByteWriter } from '../byte-writer.ts';
import { concat, sha384 } from '../bytes.ts';
import type { Bytes } from '../bytes.ts';

/**
 * The report, 1024 bytes, that a quote of a TD was made from: "Intel TDX Module 1.5 ABI Specification",
 * TDREPORT_STRUCT. Its MAC only the machine itself could check, so here it is random.
 *
 * @param cpuSvn - 16 bytes.
 */
export async function tdReportOfQuote(quote: Uint8Array, cpuSvn: Uint8Array): Promise<Bytes> {
  const head = 48 + (quote[0] === 5 ? 6 : 0); // from version 5 on with a body descriptor
  const body = quote.subarray(head, head + 584);
  const tcbInfo = new ByteWriter()
    .bytes(Uint8Array.of(0xff, 0x01, 0x03, 0, 0, 0, 0, 0)) // which of the fields are valid
    .bytes(body.subarray(0, 120)) // TEE_TCB_SVN, MRSEAM, MRSIGNERSEAM, SEAM's attributes
    .bytes(body.subarray(0, 16)) // TEE_TCB_SVN2
    .zeros(95)
    .end();
  const tdInfo = new ByteWriter()
    .bytes(body.subarray(120, 520)) // ATTRIBUTES to RTMR3
    .zeros(48 + 64) // SERVTD_HASH and reserved
    .end();
  const mac = new ByteWriter()
    .bytes(Uint8Array.of(0x81, 0, 0, 0)) // of a TD
    .zeros(12)
    .fixed('cpuSvn', cpuSvn, 16)
    .bytes(await sha384(tcbInfo))
    .bytes(await sha384(tdInfo))
    .bytes(body.subarray(520)) // REPORTDATA
    .zeros(32)
    .bytes(crypto.getRandomValues(new Uint8Array(32)))
    .end();
  return concat(mac, tcbInfo, new Uint8Array(17), tdInfo);
}
