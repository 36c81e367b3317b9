import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { expect, test } from 'vitest';
import { InFlightBytes } from '../../src/ingest/in-flight.ts';
import type { ProxyAnswers } from '../../src/ingest/ports.ts';
import { WaitingSenders } from '../../src/ingest/waiting-senders.ts';
import { createManualClock } from '../support/manual-clock.ts';
import { waitFor } from '../support/wait.ts';

/** More than the buffers of both sockets hold. */
const LARGE = Buffer.alloc(32 * 1024 * 1024);

test('a sender that does not read its answer is cut off, and the memory is given back', async () => {
  const clock = createManualClock();
  const inFlight = new InFlightBytes(64 * 1024 * 1024);
  const ignore = (): void => undefined;
  const answers: ProxyAnswers = {
    awaitAnswer(_event, told) {
      queueMicrotask(() => told({ kind: 'answered', answer: { status: 200, headers: [], body: LARGE } }));
      return ignore;
    },
  };
  const senders = new WaitingSenders(
    answers,
    { accepted: ignore, duplicate: ignore, handshake: ignore, rejected: ignore, proxied: ignore },
    clock,
    inFlight,
  );
  const server = createServer((_request, response: ServerResponse) => {
    const proxy = { target: 'app', deadlineMs: 5_000 };
    const ends = { acknowledge: ignore, answered: ignore };
    senders.wait({ response, route: 'r', proxy, eventId: 'evt_1', isFirst: true, startedAt: 0, ...ends }, () => false);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = connect(port, '127.0.0.1');
  client.on('error', ignore);
  client.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n');
  await once(client, 'readable');
  expect(inFlight.used).toBe(LARGE.length);
  const closed = once(server, 'close');
  server.close();
  await clock.advance(10_000);
  await waitFor('memory given back', () => inFlight.used === 0);
  await closed;
  client.destroy();
});
