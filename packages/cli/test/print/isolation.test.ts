import { describe, expect, it } from 'vitest';
import type { Paint } from '../../src/print/colours.ts';
import { formatIsolation, type ToldFindings } from '../../src/print/isolation.ts';

const plain: Paint = (_colour, text) => text;
const painted: Paint = (colour, text) => `<${colour}>${text}</>`;

const found: ToldFindings = {
  level: 'separated',
  missing: ['a caged process came through: tcp'],
  steps: [
    { mechanism: 'own-user', inForce: false, detail: "the server's user; no supplementary groups" },
    { mechanism: 'landlock', inForce: true, detail: 'version 7' },
  ],
  threads: { all: 12, filtered: 12, capable: 0 },
  probes: [
    { probe: 'signal', result: 'stopped', control: 'reached', caged: 'EPERM', server: 'EPERM' },
    { probe: 'tcp', result: 'reached', control: 'reached', caged: 'reached', server: null },
    { probe: 'store', result: 'not-applicable', control: 'ENOENT', caged: 'EPERM', server: null },
  ],
  denied: [],
  users: 'the server lacks CAP_SETUID',
  durationMs: 250,
};

describe('isolation', () => {
  it('is told with its cage, every attempt, and what is missing', () => {
    expect(formatIsolation(found, plain)).toBe(
      [
        'isolation separated, found by trying in 250 ms',
        '  a caged process came through: tcp',
        '',
        'CAGE',
        "own-user  off  the server's user; no supplementary groups",
        'landlock  on   version 7',
        'threads: 12, of which filtered 12, with capabilities 0',
        'users: the server lacks CAP_SETUID',
        '',
        'ATTEMPT  RESULT          WITHOUT CAGE  FROM THE CAGE  AT THE SERVER',
        'signal   stopped         reached       EPERM          EPERM',
        'tcp      reached         reached       reached        -',
        'store    not-applicable  ENOENT        EPERM          -',
        '',
        'No system call was refused that an honest runner makes.',
        '',
      ].join('\n'),
    );
  });

  it('is painted by how good it is', () => {
    const text = formatIsolation(found, painted);
    expect(text).toContain('isolation <yellow>separated</>');
    expect(text).toMatch(/<green>signal .*<\/>\n<red>tcp .*<\/>\n<dim>store /);
    expect(formatIsolation({ ...found, level: 'none' }, painted)).toContain('<red>none</>');
    expect(formatIsolation({ ...found, level: 'sandboxed' }, painted)).toContain(
      '<green>sandboxed</>',
    );
  });

  it('names the system calls that an honest runner misses', () => {
    const denied = [
      { name: 'openat', number: 257 },
      { name: 'unknown', number: 500 },
    ];
    expect(formatIsolation({ ...found, denied }, plain)).toContain(
      'Refused, though an honest runner makes them: openat (257), unknown (500)',
    );
  });

  it('whose threads were not seen says so', () => {
    expect(formatIsolation({ ...found, threads: null }, plain)).toContain('threads: not seen');
  });

  it('of which nothing could be tried is told in two lines', () => {
    const nothing = { ...found, level: 'none', missing: ['no luck'], probes: [] } as const;
    expect(formatIsolation(nothing, plain)).toBe(
      'isolation none, found by trying in 250 ms\n  no luck\n',
    );
  });
});
