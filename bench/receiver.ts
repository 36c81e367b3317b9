import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { mean, percentiles } from './load-plan.ts';

// The target of all deliveries, a process of its own on raw sockets, so that it costs little of the shared machine.
// Its second listener tells what it has seen (GET) and forgets it (POST). What comes under /timed/ is timed by path, from
// acceptance on; what comes under /slow/ is answered after 2 s; what comes under /flapping/MS/ is refused for so long, then
// timed like the rest for so long, and so on by turns.

const SLOW_MS = 2_000;

const REFUSAL = Buffer.from('HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n');
const ANSWER = Buffer.from('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 15\r\n\r\n{"status":"ok"}');
const seen = { count: 0, firstAt: 0, lastAt: 0 };
const timed = new Map<string, { count: number; firstAt: number; lastAt: number; samples: number[] }>();

/** @param head of a request */
function time(path: string, head: string, now: number): void {
  const acceptedAt = Date.parse(/\r\nhookbay-received-at: *([^\r]+)/i.exec(head)?.[1] ?? '');
  const of = timed.get(path) ?? { count: 0, firstAt: now, lastAt: now, samples: [] };
  timed.set(path, of);
  of.count += 1;
  of.lastAt = now;
  of.samples.push(now - acceptedAt);
}

function answer(socket: Socket, request: Buffer, now: number): void {
  if (request.indexOf('POST /slow/') === 0) {
    setTimeout(() => socket.write(ANSWER), SLOW_MS);
    return;
  }
  const isFlapping = request.indexOf('POST /flapping/') === 0;
  if (isFlapping || request.indexOf('POST /timed/') === 0) {
    const head = request.toString('latin1', 0, request.indexOf('\r\n\r\n'));
    const [, , ...path] = head.slice(0, head.indexOf(' HTTP')).split('/');
    if (isFlapping && Math.floor((now - seen.firstAt) / Number(path.shift())) % 2 === 0) {
      socket.write(REFUSAL);
      return;
    }
    time(path.join('/'), head, now);
  }
  socket.write(ANSWER);
}

function timings(): object {
  const shown = [...timed].map(([path, { samples, ...of }]) => [
    path,
    { ...of, latencyMs: percentiles(samples), meanMs: mean(samples) },
  ]);
  return Object.fromEntries(shown);
}

/** Length of the first request in `bytes`, or null when more bytes are needed. */
function requestLength(bytes: Buffer): number | null {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd < 0) return null;
  const head = bytes.toString('latin1', 0, headEnd).toLowerCase();
  const field = head.indexOf('\r\ncontent-length:');
  if (field < 0) throw new Error(`a request without Content-Length:\n${head}`);
  const length = headEnd + 4 + Number.parseInt(head.slice(field + 17), 10);
  return bytes.length >= length ? length : null;
}

function serve(socket: Socket): void {
  let rest: Buffer | null = null;
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    let bytes: Buffer = rest === null ? chunk : Buffer.concat([rest, chunk]);
    for (let length = requestLength(bytes); length !== null; length = requestLength(bytes)) {
      const now = performance.timeOrigin + performance.now();
      if (seen.count === 0) seen.firstAt = now;
      seen.lastAt = now;
      seen.count += 1;
      answer(socket, bytes, now);
      bytes = bytes.subarray(length);
    }
    rest = bytes.length === 0 ? null : bytes;
  });
}

const hooks = createServer(serve);
const control = createHttpServer((request, response) => {
  if (request.method === 'POST') {
    Object.assign(seen, { count: 0, firstAt: 0, lastAt: 0 });
    timed.clear();
  }
  const shown = request.url === '/timings' ? timings() : seen;
  response.setHeader('content-type', 'application/json').end(JSON.stringify(shown));
});
const port = (server: { address(): AddressInfo | string | null }): number => {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
};
hooks.listen(0, '127.0.0.1', () => {
  control.listen(0, '127.0.0.1', () => {
    const url = (at: number): string => `http://127.0.0.1:${at}`;
    console.log(JSON.stringify({ msg: 'listening', public: `${url(port(hooks))}/hooks`, control: url(port(control)) }));
  });
});
