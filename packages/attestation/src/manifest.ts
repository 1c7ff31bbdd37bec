import { stringify } from 'smol-toml';
import { ManifestError } from './manifest/manifest-error.ts';
import { parseExceptions, parseIntelPolicy } from './manifest/intel-policy.ts';
import type { AdvisoryException, IntelPolicy } from './manifest/intel-policy.ts';
import { type AzureEntry, parseAzureEntry } from './manifest/azure-entry.ts';
import { parseNitroEntry } from './manifest/nitro-entry.ts';
import type { NitroEntry } from './manifest/nitro-entry.ts';
import { blindAIKeys, parseBlindAIEntry, parseSgxEntry } from './manifest/sgx-entry.ts';
import type { SgxEntry } from './manifest/sgx-entry.ts';
import { parseSnpEntry, type SnpEntry } from './manifest/snp-entry.ts';
import { parseTdxEntry, type TdxEntry } from './manifest/tdx-entry.ts';
import { parseToml } from './manifest/toml-table.ts';
import type { TomlTable } from './manifest/toml-table.ts';

export { ManifestError } from './manifest/manifest-error.ts';
export type { AdvisoryException, IntelPolicy, TcbStatus } from './manifest/intel-policy.ts';
export type { AnyEntry, Cover } from './manifest/any-entry.ts';
export type { AzureEntry } from './manifest/azure-entry.ts';
export type { NitroEntry } from './manifest/nitro-entry.ts';
export type { SgxEntry } from './manifest/sgx-entry.ts';
export type { SnpEntry } from './manifest/snp-entry.ts';
export type { TdxEntry } from './manifest/tdx-entry.ts';

/** All that a client accepts, as a manifest file says it (docs/write-a-manifest.md). */
export interface Manifest {
  readonly sgx: readonly SgxEntry[];
  readonly tdx: readonly TdxEntry[];
  readonly sevSnp: readonly SnpEntry[];
  readonly azure: readonly AzureEntry[];
  readonly nitro: readonly NitroEntry[];
  readonly intel: IntelPolicy;
  readonly exceptions: readonly AdvisoryException[];
  readonly transport: { readonly postQuantum: boolean };
  /** Only what the file states. */
  readonly config: {
    readonly isolation?: Isolation;
    readonly anonymous?: boolean;
  };
  /** BlindAI's `allow_debug = true`: honoured only together with `[allowDebug]`. */
  readonly asksForDebug: boolean;
}

const isolations = ['sandboxed', 'separated', 'none'] as const;
type Isolation = (typeof isolations)[number];

/**
 * Parses a manifest: our own (`version = 1` and any number of entries, for any mix of TEEs) or BlindAI's
 * `manifest.toml`, whose eight keys at the top mean one `[[sgx]]` entry. Entries of other TEEs and the tables
 * `[intel]`, `[[exception]]`, `[transport]` and `[config]` may follow either.
 *
 * A date means 00:00 UTC of that day. A manifest without an entry accepts no evidence.
 *
 * @param toml - At most 1 MiB of text.
 * @throws {ManifestError} `bad-manifest` for anything unknown, missing or wrong, naming the key.
 */
export function parseManifest(toml: string): Manifest {
  const top = parseToml(toml);
  const { sgx, asksForDebug } = parseEntries(top);
  const manifest: Manifest = {
    sgx,
    tdx: top.tables('tdx').map(parseTdxEntry),
    sevSnp: top.tables('sev_snp').map(parseSnpEntry),
    azure: top.tables('azure').map(parseAzureEntry),
    nitro: top.tables('nitro').map(parseNitroEntry),
    intel: parseIntelPolicy(top.table('intel')),
    exceptions: parseExceptions(top.tables('exception')),
    transport: parseTransport(top.table('transport')),
    config: parseConfig(top.table('config')),
    asksForDebug,
  };
  top.end();
  return manifest;
}

/**
 * Writes the manifest that accepts one enclave, with strict defaults for the rest.
 *
 * @param build.mrEnclave - MRENCLAVE, 64 hexadecimal digits.
 * @param build.name - Printed in reports. Default none.
 * @throws {ManifestError} `bad-manifest` if {@link parseManifest} would refuse it.
 */
export function formatManifest(build: { mrEnclave: string; name?: string }): string {
  const name = build.name === undefined ? {} : { name: build.name };
  const entry = { ...name, mr_enclave: build.mrEnclave };
  const text = stringify({ version: 1, sgx: [entry] });
  parseManifest(text);
  return text;
}

/**
 * Writes the same in the form of BlindAI's own file, its eight keys at the top, which the Python client reads.
 *
 * @throws {ManifestError} as {@link formatManifest}.
 */
export function formatLegacyManifest(build: { mrEnclave: string }): string {
  const [entry] = parseManifest(formatManifest(build)).sgx;
  if (entry === undefined) throw new Error('a manifest of one entry has one');
  const text = stringify({
    mr_enclave: build.mrEnclave,
    allow_debug: false,
    attributes_flags_hex: `0x${entry.attributesFlags.toString(16)}`,
    attributes_mask_flags_hex: `0x${entry.attributesMaskFlags.toString(16)}`,
    attributes_xfrm_hex: `0x${entry.attributesXfrm.toString(16)}`,
    attributes_mask_xfrm_hex: `0x${entry.attributesMaskXfrm.toString(16)}`,
    misc_select_hex: `0x${entry.miscSelect.toString(16)}`,
    misc_mask_hex: `0x${entry.miscMask.toString(16)}`,
  });
  parseManifest(text);
  return text;
}

function parseEntries(top: TomlTable): Pick<Manifest, 'sgx' | 'asksForDebug'> {
  const version = top.integer('version', 1);
  if (version === 0) top.refuse('version', '1', 0n);
  if (top.has(...blindAIKeys)) {
    if (top.has('sgx'))
      throw new ManifestError('sgx', "expected either this or BlindAI's keys at the top");
    const { entry, allowDebug } = parseBlindAIEntry(top);
    return { sgx: [entry], asksForDebug: allowDebug };
  }
  top.required('version', version);
  return { sgx: top.tables('sgx').map(parseSgxEntry), asksForDebug: false };
}

function parseTransport(table: TomlTable): Manifest['transport'] {
  const postQuantum = table.boolean('post_quantum') ?? false;
  table.end();
  return { postQuantum };
}

function parseConfig(table: TomlTable): Manifest['config'] {
  const isolation = table.parsed('isolation', `one of ${isolations.join(', ')}`, isolationOf);
  const anonymous = table.boolean('anonymous');
  table.end();
  return {
    ...(isolation !== undefined && { isolation }),
    ...(anonymous !== undefined && { anonymous }),
  };
}

function isolationOf(text: string): Isolation | null {
  return isolations.find((isolation) => isolation === text) ?? null;
}
