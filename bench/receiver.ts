import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Socket } from 'node:net';

// The target of all deliveries, a process of its own on raw sockets, so that it costs little of the shared machine.
// Its second listener tells what it has seen (GET) and forgets it (POST).

const ANSWER = Buffer.from('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 15\r\n\r\n{"status":"ok"}');
const seen = { count: 0, firstAt: 0, lastAt: 0 };

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
      socket.write(ANSWER);
      bytes = bytes.subarray(length);
    }
    rest = bytes.length === 0 ? null : bytes;
  });
}

const hooks = createServer(serve);
const control = createHttpServer((request, response) => {
  if (request.method === 'POST') Object.assign(seen, { count: 0, firstAt: 0, lastAt: 0 });
  response.setHeader('content-type', 'application/json').end(JSON.stringify(seen));
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
