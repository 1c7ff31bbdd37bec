import { UsageError } from '../exit-codes.ts';

/** What the header of a .npy file says of its array. */
export interface NpyHeader {
  /** Element type and byte order, as NumPy spells them. */
  readonly descr: string;
  readonly fortranOrder: boolean;
  readonly shape: readonly number[];
}

/**
 * Parses the header text of a .npy file: the literal of a Python dict with exactly the keys `descr`,
 * `fortran_order` and `shape`, in any order.
 *
 * Nothing of Python is evaluated; the grammar is what NumPy writes, and trailing white space.
 *
 * @throws {UsageError} if the text is anything else.
 * @see NumPy Enhancement Proposal 1, "Format Specification"
 */
export function parseNpyHeader(text: string): NpyHeader {
  const read = new TokenReader(text);
  let descr: string | undefined;
  let fortranOrder: boolean | undefined;
  let shape: readonly number[] | undefined;
  read.expect('{');
  while (read.peek() !== '}') {
    const key = readText(read);
    read.expect(':');
    if (key === 'descr' && descr === undefined) descr = readDescr(read);
    else if (key === 'fortran_order' && fortranOrder === undefined)
      fortranOrder = readBoolean(read);
    else if (key === 'shape' && shape === undefined) shape = readShape(read);
    else throw malformed('has a doubled key or one that is none of descr, fortran_order and shape');
    if (read.peek() !== '}') read.expect(',');
  }
  read.expect('}');
  read.end();
  if (descr === undefined || fortranOrder === undefined || shape === undefined)
    throw malformed('lacks one of descr, fortran_order and shape');
  return { descr, fortranOrder, shape };
}

function readDescr(read: TokenReader): string {
  if (read.peek() === '[')
    throw new UsageError('the array has structured elements: save each of its fields by itself');
  return readText(read);
}

function readText(read: TokenReader): string {
  const token = read.next();
  if (!/^['"]/.test(token)) throw malformed('has something else where a text in quotes belongs');
  return token.slice(1, -1);
}

function readBoolean(read: TokenReader): boolean {
  const token = read.next();
  if (token !== 'True' && token !== 'False')
    throw malformed('has neither True nor False as fortran_order');
  return token === 'True';
}

/** A tuple; of one element only with its comma, as in Python. */
function readShape(read: TokenReader): number[] {
  const shape: number[] = [];
  let commas = 0;
  read.expect('(');
  while (read.peek() !== ')') {
    const token = read.next();
    if (!/^\d/.test(token)) throw malformed('has a shape that is no tuple of natural numbers');
    shape.push(Number(token.replace('L', '')));
    if (read.peek() !== ')') {
      read.expect(',');
      commas += 1;
    }
  }
  read.expect(')');
  if (shape.length === 1 && commas === 0)
    throw malformed('has a shape that is no tuple of natural numbers');
  return shape;
}

/** The tokens of the grammar, one after another. Python 2 wrote long integers with an L. */
class TokenReader {
  readonly #text: string;
  readonly #pattern =
    /[ \n]*([{}()[\]:,]|'[^'\\\n]*'|"[^"\\\n]*"|True|False|(?:0|[1-9]\d{0,15})L?(?!\w))/y;
  #token: string | null = null;

  constructor(text: string) {
    this.#text = text;
  }

  peek(): string {
    this.#token ??= this.#read();
    return this.#token;
  }

  next(): string {
    const token = this.peek();
    this.#token = null;
    return token;
  }

  expect(wanted: string): void {
    if (this.next() !== wanted) throw malformed(`has something else where ${wanted} belongs`);
  }

  /** Only white space may be left. */
  end(): void {
    if (!/^[ \n]*$/.test(this.#text.slice(this.#pattern.lastIndex)))
      throw malformed('has more after its dict');
  }

  #read(): string {
    const token = this.#pattern.exec(this.#text)?.[1];
    if (token === undefined) throw malformed('is not the dict that NumPy writes');
    return token;
  }
}

function malformed(what: string): UsageError {
  return new UsageError(`the header of the .npy file ${what}`);
}
