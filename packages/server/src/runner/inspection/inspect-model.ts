import { Refusal } from '../refusal.ts';
import type { ByteSource } from './byte-source.ts';
import { Calls, type Scope } from './calls.ts';
import { Constant, maxConstantBytes } from './constant.ts';
import { guessFormat, isOrtFormat } from './file-formats.ts';
import { Flaw, LayoutFlaw } from './flaw.ts';
import {
  irVersions,
  operatorSets,
  refusedAttributes,
  refusedOperators,
  standardDomain,
  type Versions,
} from './operators.ts';
import { describePlace, quote, type Part, type PartKind } from './place.ts';
import { ProtobufReader, type FieldReader, type Span } from './protobuf-reader.ts';
import { SparseConstant } from './sparse-constant.ts';

/*
 * The engine reads more than is asked of it: files that a model names (external data), and models in a
 * format of its own; and it believes what a model says of itself. So a model is read through before the
 * engine sees it, as the protobuf that ONNX is (onnx.proto, whose numbers of fields are used here). Every
 * path to a tensor and to a node is followed, and what one reader would skip and another would not is
 * refused. Names and data stay where they are: nothing is copied.
 */

/** As protobuf has it, and so the engine. */
const maxModelBytes = 2 ** 31 - 1;

/** Graphs within graphs, such as the branch of an If in the body of a Loop. */
const maxGraphDepth = 16;

const maxOperatorSets = 1000;

/** Operators, domains and functions with longer names do not exist. */
const maxNameBytes = 512;

/** What is taken that is not taken from everybody. */
export interface InspectionOptions {
  /** Domains of operators besides those of `operatorSets`. */
  readonly operatorDomains: readonly string[];
}

/** What a model that was taken says of itself. */
export interface ModelSummary {
  readonly irVersion: number;
  /** The version of each set of operators that it means, by domain; `ai.onnx` for the standard's own. */
  readonly operatorSets: Readonly<Record<string, number>>;
  /** Those of subgraphs and functions included. */
  readonly nodes: number;
  readonly functions: number;
  /** 1 if no node has a graph of its own. */
  readonly graphDepth: number;
  readonly constants: number;
  /** All constants together, in memory. */
  readonly constantBytes: number;
}

/**
 * Takes nothing but ONNX that holds all of its data, uses only operators that are for models, and is what it
 * says that it is. Reads in one pass and constant memory.
 *
 * @throws {Refusal} `model-refused`, naming the node or constant and the reason.
 */
export function inspectModel(source: ByteSource, options: InspectionOptions): ModelSummary {
  if (isOrtFormat(source)) throw refused('this is a model in ORT format; only ONNX is taken');
  const inspection = new Inspection(source, options);
  try {
    return inspection.run();
  } catch (error) {
    if (!(error instanceof Flaw)) throw error;
    const place = error.place ?? inspection.place;
    if (!(error instanceof LayoutFlaw)) throw refused(`${place ?? 'the model'}: ${error.message}`);
    const format = guessFormat(source);
    if (format !== null) throw refused(`this is no ONNX model, but seems to be ${format}`);
    throw refused(`${place ?? 'this'} is no valid ONNX: ${error.message}`);
  }
}

function refused(message: string): Refusal {
  return new Refusal('model-refused', message);
}

interface ModelFacts {
  irVersion: number | null;
  hasGraph: boolean;
  readonly imported: Map<string, number>;
}

/** Whether a field is a list, or may be there once. */
type Occurs = 'one' | 'list';

class Inspection {
  readonly #source: ByteSource;
  readonly #reader: ProtobufReader;
  readonly #domains: ReadonlySet<string>;
  readonly #calls = new Calls();
  /** What is being read at this moment, from the outside inwards; left as it is when something is wrong. */
  readonly #parts: Part[] = [];
  #graphDepth = 0;
  #deepest = 0;
  #constants = 0;
  #constantBytes = 0;

  constructor(source: ByteSource, { operatorDomains }: InspectionOptions) {
    this.#source = source;
    this.#reader = new ProtobufReader(source);
    this.#domains = new Set([...operatorSets.keys(), ...operatorDomains]);
  }

  get place(): string | null {
    return describePlace(this.#parts, this.#reader);
  }

  run(): ModelSummary {
    if (this.#source.length > maxModelBytes) {
      throw new Flaw(`it has over ${maxModelBytes} bytes, more than ONNX can`);
    }
    const model: ModelFacts = { irVersion: null, hasGraph: false, imported: new Map() };
    this.#reader.readFields(this.#model(model));
    if (!model.hasGraph) throw new LayoutFlaw('it has no graph');
    if (model.irVersion === null) throw new LayoutFlaw('it has no IR version');
    enforceVersion('IR', model.irVersion, irVersions);
    if (model.imported.size === 0) throw new LayoutFlaw('it does not say which operators it means');
    this.#enforceVersions(model.imported);
    this.#enforceCalls();
    return {
      irVersion: model.irVersion,
      operatorSets: Object.fromEntries(model.imported),
      nodes: this.#calls.nodes,
      functions: this.#calls.functions,
      graphDepth: this.#deepest,
      constants: this.#constants,
      constantBytes: this.#constantBytes,
    };
  }

  #model(model: ModelFacts): FieldReader {
    const reader = this.#reader;
    return (field) => {
      switch (field) {
        case 1:
          model.irVersion = reader.integer();
          return true;
        case 7:
          model.hasGraph = true;
          return this.#graph('one', this.#calls.main);
        case 8:
          return this.#operatorSet(model.imported);
        case 20:
          return this.#trainingInfo();
        case 25:
          return this.#function();
        default:
          return false;
      }
    };
  }

  #graph(occurs: Occurs, scope: Scope): true {
    if (++this.#graphDepth > maxGraphDepth) {
      throw new Flaw(`its graphs are nested over ${maxGraphDepth} deep`);
    }
    this.#deepest = Math.max(this.#deepest, this.#graphDepth);
    this.#message(occurs, () => (field) => {
      switch (field) {
        case 1:
          return this.#node(scope);
        case 5:
          return this.#constant('list');
        case 15:
          return this.#sparseConstant('list');
        default:
          return false;
      }
    });
    this.#graphDepth -= 1;
    return true;
  }

  #node(scope: Scope): true {
    const reader = this.#reader;
    this.#calls.countNode(scope);
    const node: { operator?: Span; domain?: Span; overload?: Span } = {};
    return this.#part(
      'node',
      'list',
      () => (field) => {
        switch (field) {
          case 4:
            node.operator = reader.bytes();
            return true;
          case 5:
            return this.#attribute(scope);
          case 7:
            node.domain = reader.bytes();
            return true;
          case 8:
            node.overload = reader.bytes();
            return true;
          default:
            return false;
        }
      },
      () => {
        const operator = this.#name(node.operator);
        const domain = this.#domain(node.domain);
        if (refusedOperators.has(operator)) {
          throw new Flaw('operators that read files or call other libraries are not taken');
        }
        const isKnown = this.#domains.has(domain);
        this.#calls.note(scope, keyOf(domain, operator, this.#name(node.overload)), () =>
          isKnown ? null : { place: this.place!, domain },
        );
      },
    );
  }

  #attribute(scope: Scope): true {
    const reader = this.#reader;
    let name: Span | undefined;
    return this.#part(
      'attribute',
      'list',
      () => (field) => {
        switch (field) {
          case 1:
            name = reader.bytes();
            return true;
          case 5:
            return this.#constant('one');
          case 6:
            return this.#graph('one', scope);
          case 10:
            return this.#constant('list');
          case 11:
            return this.#graph('list', scope);
          case 22:
            return this.#sparseConstant('one');
          case 23:
            return this.#sparseConstant('list');
          default:
            return false;
        }
      },
      () => {
        if (name !== undefined && refusedAttributes.has(this.#name(name))) {
          throw new Flaw('attributes that name a file are not taken');
        }
      },
    );
  }

  #constant(occurs: Occurs): true {
    const constant = new Constant();
    return this.#part(
      'constant',
      occurs,
      () => (field) => constant.readField(this.#reader, field),
      () => {
        constant.enforceSize();
        this.#addConstant(constant.bytes);
      },
    );
  }

  #sparseConstant(occurs: Occurs): true {
    const constant = new SparseConstant();
    return this.#part(
      'sparse constant',
      occurs,
      () => (field) => constant.readField(this.#reader, field),
      () => this.#addConstant(constant.enforceSize()),
    );
  }

  /** Together they take no more than a model can hold, though a sparse one is short in the file. */
  #addConstant(bytes: number): void {
    this.#constants += 1;
    this.#constantBytes += bytes;
    if (this.#constantBytes > maxConstantBytes) {
      throw new Flaw(`the constants up to here take over ${maxConstantBytes} bytes`);
    }
  }

  #function(): true {
    const reader = this.#reader;
    const scope: Scope = { nodes: 0, calls: new Map() };
    const imported = new Map<string, number>();
    const named: { name?: Span; domain?: Span; overload?: Span } = {};
    return this.#part(
      'function',
      'list',
      () => (field) => {
        switch (field) {
          case 1:
            named.name = reader.bytes();
            return true;
          case 7:
            return this.#node(scope);
          case 9:
            return this.#operatorSet(imported);
          case 10:
            named.domain = reader.bytes();
            return true;
          case 11:
            return this.#attribute(scope);
          case 13:
            named.overload = reader.bytes();
            return true;
          default:
            return false;
        }
      },
      () => {
        this.#enforceVersions(imported);
        const { name, domain, overload } = named;
        this.#calls.define(
          keyOf(this.#domain(domain), this.#name(name), this.#name(overload)),
          scope,
        );
      },
    );
  }

  /** How to train a model further; the engine passes over it. */
  #trainingInfo(): true {
    return this.#message('list', () => (field) => {
      if (field !== 1 && field !== 2) return false;
      return this.#graph('one', this.#calls.main);
    });
  }

  #operatorSet(imported: Map<string, number>): true {
    const reader = this.#reader;
    let domain: Span | undefined;
    let version = 0;
    this.#message('list', () => (field) => {
      switch (field) {
        case 1:
          domain = reader.bytes();
          return true;
        case 2:
          version = reader.integer();
          return true;
        default:
          return false;
      }
    });
    const name = this.#domain(domain);
    if (imported.has(name)) throw new Flaw(`it gives two versions of ${quote(name)}`);
    if (imported.size === maxOperatorSets) {
      throw new Flaw(`it uses operators of over ${maxOperatorSets} domains`);
    }
    imported.set(name, version);
    return true;
  }

  #enforceVersions(imported: ReadonlyMap<string, number>): void {
    for (const [domain, version] of imported) {
      const versions = operatorSets.get(domain);
      if (versions !== undefined) enforceVersion(`operators of ${domain}`, version, versions);
    }
  }

  #enforceCalls(): void {
    const missing = this.#calls.findUndefined();
    if (missing !== null) {
      throw new Flaw(
        `operators of domain ${quote(missing.domain)} are not taken, and the model does not define this one`,
        missing.place,
      );
    }
    this.#calls.enforceExpansion();
  }

  #domain(span: Span | undefined): string {
    return this.#name(span) || standardDomain;
  }

  #name(span: Span | undefined): string {
    if (span === undefined) return '';
    if (span.length > maxNameBytes) throw new Flaw(`it has a name of over ${maxNameBytes} bytes`);
    return this.#reader.textOf(span);
  }

  /** Reads a part that refusals name. `judge` is called when all of it was read. */
  #part(kind: PartKind, occurs: Occurs, open: () => FieldReader, judge: () => void): true {
    const reader = this.#reader;
    this.#message(occurs, () => {
      const ordinal = this.#calls.nodes;
      this.#parts.push({ kind, at: reader.position, end: reader.end, ordinal });
      return open();
    });
    judge();
    this.#parts.pop();
    return true;
  }

  #message(occurs: Occurs, open: () => FieldReader): true {
    if (occurs === 'one') this.#reader.message(open);
    else this.#reader.messageOfList(open);
    return true;
  }
}

function enforceVersion(what: string, found: number, { least, most }: Versions): void {
  if (found >= least && found <= most) return;
  const shown = found <= Number.MAX_SAFE_INTEGER ? found : 'out of range';
  throw new Flaw(`its version of ${what} is ${shown}; ${least} to ${most} are taken`);
}

/** What a function of a model is known by. */
function keyOf(domain: string, operator: string, overload: string): string {
  return [domain, operator, overload].join('\0');
}
