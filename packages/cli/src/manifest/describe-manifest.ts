import type { Manifest } from '@blindai/attestation';
import type { ManifestDescription } from './description.ts';
import { describeEntries } from './entries.ts';
import { describeExceptions, describeIntel } from './intel.ts';
import { describeConfig, describeTransport } from './settings.ts';

/**
 * Says in plain words what a manifest accepts, and where that is less than the strict default.
 *
 * @param at - The moment at which entries and exceptions have ended or not.
 */
export function describeManifest(manifest: Manifest, at: Date): ManifestDescription {
  const entries = describeEntries(manifest, at);
  const active = entries.filter(({ table }) => !table.ended);
  const tables = [
    ...(entries.some(({ isIntel }) => isIntel)
      ? [describeIntel(manifest.intel), ...describeExceptions(manifest.exceptions, at)]
      : []),
    describeTransport(manifest),
    describeConfig(manifest),
  ];
  return {
    entries: entries.map(({ table }) => table),
    tables: tables.map(({ table }) => table),
    weakened: [...active, ...tables.filter(({ table }) => !table.ended)].flatMap(
      ({ weakened }) => weakened,
    ),
    notes: [
      ...active.flatMap(({ notes }) => notes),
      ...(active.length === 0 ? ['it accepts nothing: it has no entry, or all have ended'] : []),
      ...(manifest.asksForDebug
        ? ['allow_debug = true refuses everything, unless the caller says --allow-debug too']
        : []),
    ],
  };
}
