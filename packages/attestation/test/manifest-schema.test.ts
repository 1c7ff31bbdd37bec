import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { stringify } from 'smol-toml';
import { describe, expect, test } from 'vitest';
import { ManifestError, parseManifest } from '../src/manifest.ts';

/** As much of a JSON Schema as editors complete and check keys by. */
interface Schema {
  readonly additionalProperties?: boolean;
  readonly required?: readonly string[];
  readonly properties?: Record<string, Schema>;
  readonly enum?: readonly string[];
  readonly items?: Schema;
  readonly examples?: readonly unknown[];
}

const root = JSON.parse(
  readFileSync(fileURLToPath(new URL('../manifest.schema.json', import.meta.url)), 'utf8'),
) as Schema & { readonly definitions: Record<string, Schema> };

/** Where each definition stands in a manifest: one with these members, and nothing else wrong. */
const places: Record<string, (members: object) => object> = {
  sgx: (members) => ({ version: 1, sgx: [members] }),
  tdx: (members) => ({ version: 1, tdx: [members] }),
  sev_snp: (members) => ({ version: 1, sev_snp: [members] }),
  azure: (members) => ({ version: 1, azure: [members] }),
  nitro: (members) => ({ version: 1, nitro: [members] }),
  blindai: (members) => members,
  intel: (members) => ({ version: 1, intel: members }),
  exception: (members) => ({ version: 1, exception: [members] }),
  transport: (members) => ({ version: 1, transport: members }),
  config: (members) => ({ version: 1, config: members }),
};

function toml(manifest: object): string {
  // In JSON a date is a text; in TOML it is not, and the example dates stand nowhere else.
  return stringify(manifest).replaceAll(/"(\d{4}-\d{2}-\d{2})"/g, '$1');
}

/** The problem that the parser has with a manifest, or `null`. */
function problem(manifest: object): string | null {
  try {
    parseManifest(toml(manifest));
    return null;
  } catch (error) {
    if (error instanceof ManifestError) return error.message;
    throw error;
  }
}

test('every table of the schema has its place, and the top has no other key', () => {
  expect(Object.keys(places)).toEqual(Object.keys(root.definitions));
  expect(Object.keys(root.properties ?? {}).toSorted()).toEqual(
    ['version', 'sgx', 'tdx', 'sev_snp', 'azure', 'nitro']
      .concat(['intel', 'exception', 'transport', 'config'])
      .concat(root.definitions['blindai']?.required ?? [])
      .toSorted(),
  );
});

describe.each(Object.entries(root.definitions))('%s', (name, schema) => {
  const place = places[name] ?? ((members: object): object => members);
  const examples = Object.entries(schema.properties ?? {}).map(
    ([key, property]) => [key, property.examples?.[0]] as const,
  );
  const required = schema.required ?? [];
  const least = examples.filter(([key]) => required.includes(key));

  test('takes all that the schema names, and no other key', () => {
    expect(problem(place(Object.fromEntries(examples)))).toBeNull();
    expect(schema.additionalProperties).toBe(false);
    expect(problem(place({ ...Object.fromEntries(examples), other: 1 }))).toContain('unknown key');
  });

  test.each(examples)('%s is required where the schema says so', (key) => {
    expect(problem(place(Object.fromEntries(least)))).toBeNull();
    const others = Object.fromEntries(examples.filter(([other]) => other !== key));
    expect(problem(place(others))?.includes('required') ?? false).toBe(required.includes(key));
  });

  const listed = Object.entries(schema.properties ?? {}).flatMap(
    ([key, { items, enum: values }]) => [
      ...(items?.enum ? [[key, items.enum] as const] : []),
      ...(values ?? []).map((value) => [key, value] as const),
    ],
  );
  test.each(listed)('%s may be %s', (key, value) => {
    expect(problem(place({ ...Object.fromEntries(least), [key]: value }))).toBeNull();
  });
});
