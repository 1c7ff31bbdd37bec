/**
 * What evidence can be asked for, without the vendors that make it: for help texts, which do not wait for them.
 *
 * @packageDocumentation
 */
export { emittedTees } from './emitted-tees.ts';
export { snpProducts } from './snp/product.ts';
export { simulatedTcbStatuses } from './tcb-info.ts';
