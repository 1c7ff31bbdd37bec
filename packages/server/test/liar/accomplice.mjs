// Holds the pipe of a runner that was killed, and goes on talking until nobody listens.
import { ran, send, sleep } from './frames.mjs';

// Which may be gone by now.
const parent = Number(process.argv[2]);
while (process.ppid === parent) sleep(5);
for (;;) {
  send(ran);
  sleep(5);
}
