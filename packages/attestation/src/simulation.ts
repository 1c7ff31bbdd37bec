export { simulationAnchors } from './roots/simulation.ts';
