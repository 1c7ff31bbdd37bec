import { Flaw } from './flaw.ts';

/** The most nodes of a model, those of its subgraphs included, once its functions are written out. */
export const maxNodes = 250_000;

/** The most functions that are inside one another, and the most operators that are not the engine's. */
const maxNesting = 64;
const maxForeign = 10_000;

/** Who calls: the graph with its subgraphs, or a function. */
export interface Scope {
  nodes: number;
  /** How often each operator is called here that may be a function of the model. */
  readonly calls: Map<string, number>;
}

/** One operator that needs a function of the model, and where it is first used. */
interface Use {
  readonly place: string;
  readonly domain: string;
}

/** Counts nodes, and writes functions out as the engine does: a short model can be an endless one. */
export class Calls {
  readonly main: Scope = { nodes: 0, calls: new Map() };
  readonly #functions = new Map<string, Scope>();
  readonly #foreign = new Map<string, Use>();
  #nodes = 0;

  /** All nodes that were counted. */
  get nodes(): number {
    return this.#nodes;
  }

  get functions(): number {
    return this.#functions.size;
  }

  /** @throws {Flaw} if there are too many. */
  countNode(scope: Scope): void {
    scope.nodes += 1;
    this.#nodes += 1;
    enforceNodes(this.#nodes);
  }

  /**
   * Notes what a node calls.
   *
   * @param describe - Where it is and of which domain, if only a function of the model can be meant.
   */
  note(scope: Scope, key: string, describe: () => Use | null): void {
    const { calls } = scope;
    calls.set(key, (calls.get(key) ?? 0) + 1);
    if (calls.size > maxForeign) throw new Flaw(`it uses over ${maxForeign} different operators`);
    if (calls.get(key)! > 1) return;
    const use = describe();
    if (use !== null && !this.#foreign.has(key)) this.#foreign.set(key, use);
  }

  /** @throws {Flaw} for a second function of one name. */
  define(key: string, scope: Scope): void {
    if (this.#functions.has(key)) throw new Flaw('there are two functions of this name');
    if (this.#functions.size >= maxForeign) throw new Flaw(`it has over ${maxForeign} functions`);
    this.#functions.set(key, scope);
  }

  /** The first use of an operator that is neither the engine's nor a function of the model. */
  findUndefined(): Use | null {
    for (const [key, use] of this.#foreign) if (!this.#functions.has(key)) return use;
    return null;
  }

  /** @throws {Flaw} if functions call themselves, or make the model too large. */
  enforceExpansion(): void {
    const sizes = new Map<string, number>();
    const sizeOf = (scope: Scope, depth: number): number => {
      if (depth > maxNesting) {
        throw new Flaw(
          `its functions call one another over ${maxNesting} times deep, or endlessly`,
        );
      }
      let size = scope.nodes;
      for (const [key, times] of scope.calls) {
        const called = this.#functions.get(key);
        if (called === undefined) continue;
        const one = sizes.get(key) ?? sizeOf(called, depth + 1);
        sizes.set(key, one);
        size += times * one;
      }
      enforceNodes(size);
      return size;
    };
    sizeOf(this.main, 0);
    for (const scope of this.#functions.values()) sizeOf(scope, 0);
  }
}

function enforceNodes(count: number): void {
  if (count > maxNodes) throw new Flaw(`it has over ${maxNodes} nodes`);
}
