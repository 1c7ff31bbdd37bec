/**
 * The SDK for Node: everything of the main entry, and the ways to a server.
 *
 * @packageDocumentation
 */
export * from '../index.ts';
export { connect, type ConnectOptions } from './connect.ts';
export type { ServerOptions, UnmatchedServerOptions } from './server-options.ts';
export { verifyServer, type VerifiedServer } from './verify-server.ts';
