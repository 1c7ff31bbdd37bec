import type { Bytes } from '../encoding/byte-reader.ts';
import { DerReader, tags } from '../encoding/der.ts';
import { FormatError } from '../encoding/format-error.ts';
import { encodeHex } from '../encoding/hex.ts';
import type { Certificate } from '../x509/certificate.ts';

/** Object identifier of the SGX extensions; every member's begins with it. */
const sgxExtensions = '1.2.840.113741.1.13.1';
const tcbMember = 2;
const configurationMember = 7;
const componentCount = 16;

/** What Intel certifies of a platform (Intel SGX PCK Certificate and CRL Profile Specification). */
export interface PckExtensions {
  /** The platform's provisioning id: 16 bytes, hex. */
  readonly ppid: string;
  /** The 16 components of CPUSVN, each with a version of its own. */
  readonly components: readonly number[];
  readonly pceSvn: number;
  readonly cpuSvn: Bytes;
  /** 2 bytes, hex. */
  readonly pceId: string;
  /** Family, model and stepping of the platform: 6 bytes, hex. */
  readonly fmspc: string;
  /** 0 standard, 1 scalable, 2 scalable with integrity. */
  readonly sgxType: number;
  /** 16 bytes, hex; `null` for platforms of one package, which the Processor CA certifies. */
  readonly platformInstanceId: string | null;
  /** `null` for platforms of one package. */
  readonly configuration: {
    readonly dynamicPlatform: boolean;
    readonly cachedKeys: boolean;
    readonly smtEnabled: boolean;
  } | null;
}

/** Whether this certificate says that it certifies an SGX platform. */
export function hasSgxExtensions(certificate: Certificate): boolean {
  return certificate.extensions.has(sgxExtensions);
}

/**
 * Reads the SGX extensions of a PCK certificate, strictly: each member once, none unknown, in any order.
 *
 * @throws {FormatError}
 */
export function parsePckExtensions(certificate: Certificate): PckExtensions {
  const what = `${certificate.what}.sgxExtensions`;
  const value = certificate.extensions.get(sgxExtensions)?.value ?? new Uint8Array();
  const outer = new DerReader(what, value);
  const members = new Members(outer.inside('members'), sgxExtensions);
  outer.end();
  const extensions = {
    ppid: members.required(1, (read) => encodeHex(read.octets('ppid', 16))),
    ...members.required(tcbMember, parseTcb),
    pceId: members.required(3, (read) => encodeHex(read.octets('pceId', 2))),
    fmspc: members.required(4, (read) => encodeHex(read.octets('fmspc', 6))),
    sgxType: members.required(5, (read) => read.uint('sgxType', 2, tags.enumerated)),
    platformInstanceId: members.optional(6, (read) =>
      encodeHex(read.octets('platformInstanceId', 16)),
    ),
    configuration: members.optional(configurationMember, parseConfiguration),
  };
  members.end();
  if ((extensions.platformInstanceId === null) !== (extensions.configuration === null)) {
    throw new FormatError(what, 'a platform instance id and its configuration expected together');
  }
  return extensions;
}

function parseTcb(read: DerReader): Pick<PckExtensions, 'components' | 'pceSvn' | 'cpuSvn'> {
  const members = new Members(read.inside('tcb'), `${sgxExtensions}.${tcbMember}`);
  const components = Array.from({ length: componentCount }, (_, index) =>
    members.required(index + 1, (member) => member.uint('component', 0xff)),
  );
  const pceSvn = members.required(componentCount + 1, (member) => member.uint('pceSvn', 0xffff));
  const cpuSvn = members.required(componentCount + 2, (member) => member.octets('cpuSvn', 16));
  members.end();
  return { components, pceSvn, cpuSvn };
}

function parseConfiguration(read: DerReader): NonNullable<PckExtensions['configuration']> {
  const members = new Members(
    read.inside('configuration'),
    `${sgxExtensions}.${configurationMember}`,
  );
  const configuration = {
    dynamicPlatform: members.required(1, (member) => member.boolean('dynamicPlatform')),
    cachedKeys: members.required(2, (member) => member.boolean('cachedKeys')),
    smtEnabled: members.required(3, (member) => member.boolean('smtEnabled')),
  };
  members.end();
  return configuration;
}

/** `SEQUENCE OF SEQUENCE { OBJECT IDENTIFIER, value }`. */
class Members {
  readonly #read: DerReader;
  readonly #prefix: string;
  readonly #members = new Map<string, DerReader>();

  constructor(read: DerReader, prefix: string) {
    this.#read = read;
    this.#prefix = prefix;
    while (read.nextTag !== null) {
      const member = read.inside('member');
      const id = member.oid('id');
      if (this.#members.has(id)) read.fail('member', 'a doubled member');
      this.#members.set(id, member);
    }
  }

  required<T>(arc: number, parse: (read: DerReader) => T): T {
    const value = this.optional(arc, parse);
    return value ?? this.#read.fail(`member ${arc}`, 'missing');
  }

  optional<T>(arc: number, parse: (read: DerReader) => T): T | null {
    const id = `${this.#prefix}.${arc}`;
    const member = this.#members.get(id);
    if (!member) return null;
    this.#members.delete(id);
    const value = parse(member);
    member.end();
    return value;
  }

  end(): void {
    if (this.#members.size !== 0) this.#read.fail('member', 'an unknown member');
  }
}
