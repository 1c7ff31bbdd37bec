/**
 * The simulator's root, apart from the main entry, so that whoever trusts it has to ask for it.
 *
 * @packageDocumentation
 */
export { simulationAnchors } from './roots/simulation.ts';
