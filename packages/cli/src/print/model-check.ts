import type { ModelCheck } from '@blindai/server';
import type { Paint } from './colours.ts';
import { printable } from './printable.ts';

/** What was found in a model, one fact a line, or what is wrong with it. */
export function formatModelCheck(found: ModelCheck, paint: Paint): string {
  if (!found.accepted) return `${paint('red', 'REFUSED')}: ${printable(found.message)}\n`;
  const facts: [string, string][] = [
    ['size', bytes(found.bytes)],
    ['IR version', String(found.irVersion)],
    ['operators', list(found.operatorSets)],
    ['nodes', `${count(found.nodes)}, graphs ${found.graphDepth} deep`],
    ['functions', count(found.functions)],
    ['constants', `${count(found.constants)}, ${bytes(found.constantBytes)}`],
  ];
  const width = Math.max(...facts.map(([label]) => label.length));
  return [
    ...facts.map(([label, fact]) => `${label.padEnd(width)}  ${fact}`),
    '',
    paint('green', 'ACCEPTED'),
    '',
  ].join('\n');
}

function list(operatorSets: Readonly<Record<string, number>>): string {
  const sets = Object.entries(operatorSets);
  return sets.map(([domain, version]) => `${printable(domain)} ${version}`).join(', ');
}

function bytes(size: number): string {
  return `${count(size)} bytes`;
}

function count(number: number): string {
  return number.toLocaleString('en');
}
