// What a request costs before anything is done with it: a TLS server of Node's that takes a body and answers.
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createIdentity } from '../../packages/client/test/node/identity.ts';
import { answerOrders } from '../answer-orders.ts';
import type { TransportOrder } from './transport-order.ts';

let answer = Buffer.alloc(0);

const { cert, key } = await createIdentity();
const server = createServer(
  { cert, key, minVersion: 'TLSv1.3', noDelay: true },
  (request, reply) => {
    request.on('data', () => {});
    request.on('end', () => reply.writeHead(200, { 'content-length': answer.length }).end(answer));
  },
);
server.keepAliveTimeout = 60_000;
server.requestTimeout = 0;
server.listen(0, '127.0.0.1', () => {
  answerOrders<TransportOrder>(
    { 'answer-with': async ({ bytes }) => void (answer = Buffer.alloc(bytes)) },
    (server.address() as AddressInfo).port,
  );
});
