import { bindSystemCall } from './c-library.ts';

/**
 * fcntl(2) for the commands that take a number.
 *
 * @throws {SystemCallError}
 */
export const fcntl: (descriptor: number, command: number, value: number) => number = bindSystemCall(
  'fcntl',
  'int fcntl(int fd, int cmd, int value)',
);
