import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { constants, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';

/** What a receiver does with one request. */
export type Behaviour =
  | { kind: 'answer'; status: number; headers?: Record<string, string>; body?: string | Buffer }
  /** Behaves so once the promise has resolved. */
  | { kind: 'later'; when: Promise<void>; behaviour: Behaviour }
  /** Reads the request and never answers. */
  | { kind: 'hang' }
  /** Answers the head at once and then a byte each time, without an end. */
  | { kind: 'drip'; status: number; everyMs: number }
  /** Answers as fast as it is read, without an end. */
  | { kind: 'endless'; status: number }
  /** Resets the connection, before the head or in the middle of the body. */
  | { kind: 'reset'; when: 'before-head' | 'in-body' }
  /** Writes these bytes instead of an HTTP answer, and closes. */
  | { kind: 'raw'; bytes: string };

export interface ReceivedRequest {
  method: string;
  /** Path and query. */
  url: string;
  /** Names and values by turns, as they came. */
  rawHeaders: string[];
  headers: IncomingMessage['headers'];
  body: Buffer;
}

/** A real HTTP target on loopback that behaves as it is told. */
export interface Receiver {
  /** Without a slash at the end. */
  url: string;
  received: ReceivedRequest[];
  /** Connections open at this moment. */
  connections(): Promise<number>;
  behave(behaviour: Behaviour | ((request: ReceivedRequest) => Behaviour)): void;
  close(): Promise<void>;
}

export const ok: Behaviour = { kind: 'answer', status: 200, body: 'ok' };

export const FAILING: Behaviour = { kind: 'answer', status: 500, body: 'not now' };

/** Fails a share of the requests with this status. @param random a number in [0, 1) */
export function failingAtRate(rate: number, status: number, random: () => number): () => Behaviour {
  return () => (random() < rate ? { kind: 'answer', status, body: 'not now' } : ok);
}

export async function readRequest(request: IncomingMessage): Promise<ReceivedRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const { method = '', url = '', rawHeaders, headers } = request;
  return { method, url, rawHeaders, headers, body: Buffer.concat(chunks) };
}

function drip(response: ServerResponse, everyMs: number): void {
  const timer = setInterval(() => response.write('.'), everyMs);
  response.once('close', () => clearInterval(timer));
}

function pour(response: ServerResponse): void {
  const block = Buffer.alloc(16 * 1024, 'x');
  const more = (): void => {
    while (!response.destroyed && response.write(block));
  };
  response.on('drain', more);
  more();
}

/** Over HTTP/2 it is the request that is reset: its connection has others. */
function reset(response: ServerResponse): void {
  if ('stream' in response) (response.stream as ServerHttp2Stream).close(constants.NGHTTP2_INTERNAL_ERROR);
  else response.socket?.resetAndDestroy();
}

export function act(response: ServerResponse, behaviour: Behaviour): void {
  switch (behaviour.kind) {
    case 'answer':
      response.writeHead(behaviour.status, behaviour.headers ?? {}).end(behaviour.body ?? '');
      break;
    case 'later':
      void behaviour.when.then(() => act(response, behaviour.behaviour));
      break;
    case 'hang':
      break;
    case 'drip':
      response.writeHead(behaviour.status);
      drip(response, behaviour.everyMs);
      break;
    case 'endless':
      response.writeHead(behaviour.status);
      pour(response);
      break;
    case 'reset':
      if (behaviour.when === 'before-head') reset(response);
      else response.writeHead(200, { 'content-length': '100' }).write('some of it', () => reset(response));
      break;
    case 'raw':
      response.socket?.end(behaviour.bytes, 'latin1');
      break;
    default:
      behaviour satisfies never;
  }
}

/** Starts a receiver on a port of 127.0.0.1, a free one by default. It answers 200 until it is told otherwise. */
export async function startReceiver(
  first: Behaviour | ((request: ReceivedRequest) => Behaviour) = ok,
  onPort = 0,
): Promise<Receiver> {
  let behaviour = first;
  const received: ReceivedRequest[] = [];
  const server = createServer(async (request, response) => {
    response.on('error', () => {});
    try {
      const whole = await readRequest(request);
      received.push(whole);
      act(response, typeof behaviour === 'function' ? behaviour(whole) : behaviour);
    } catch {
      // The client went away while it sent: that is its right.
    }
  });
  server.listen(onPort, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    received,
    connections: () =>
      new Promise((resolve, reject) => server.getConnections((error, n) => (error ? reject(error) : resolve(n)))),
    behave(next) {
      behaviour = next;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
