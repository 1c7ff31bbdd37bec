import type { Datatype } from '@blindai/client';
import { datatypes, isDatatype } from '@blindai/protocol';
import { InvalidArgumentError } from 'commander';

/** One `--input`: a file, perhaps with the input's name before it and what its bytes are behind it. */
export interface InputArgument {
  /** Empty where none is given. */
  readonly name: string;
  readonly file: string;
  readonly datatype: Datatype | null;
  /** Given with a datatype only: the file then holds nothing but elements. */
  readonly shape: readonly number[] | null;
}

const suffix = new RegExp(`^(.+?):(${Object.keys(datatypes).join('|')})(?::([\\d,]*))?$`, 's');

/**
 * Parses `[NAME=]FILE[:DATATYPE[:SHAPE]]`. The name ends at the first `=`; before a file whose own name has
 * one, `=` alone says that the input has none. A shape is dimensions with commas; of a scalar, nothing.
 *
 * @throws {InvalidArgumentError} if there is no file, or the shape is none.
 */
export function parseInputArgument(text: string): InputArgument {
  const equals = text.indexOf('=');
  const name = text.slice(0, Math.max(0, equals));
  const rest = text.slice(equals + 1);
  if (rest === '')
    throw new InvalidArgumentError('expected FILE, NAME=FILE or NAME=FILE:DATATYPE:SHAPE.');
  const [, file = rest, datatype, shape] = suffix.exec(rest) ?? [];
  if (datatype === undefined || !isDatatype(datatype))
    return { name, file, datatype: null, shape: null };
  return { name, file, datatype, shape: shape === undefined ? null : parseShape(shape) };
}

function parseShape(text: string): number[] {
  if (text === '') return [];
  if (!/^\d{1,15}(?:,\d{1,15})*$/.test(text))
    throw new InvalidArgumentError('expected a shape like 1,3,224,224.');
  return text.split(',').map(Number);
}
