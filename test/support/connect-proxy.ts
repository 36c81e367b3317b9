import { once } from 'node:events';
import { createServer, request as forward, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';

/** What the proxy does with one request. */
export type ProxyBehaviour =
  | { kind: 'pass' }
  /** Answers with this status instead. */
  | { kind: 'refuse'; status: number }
  /** Takes the request and never answers. */
  | { kind: 'hang' }
  /** Closes the connection without an answer. */
  | { kind: 'drop' };

/** A real HTTP proxy on loopback: tunnels by CONNECT, and whole URLs. */
export interface ConnectProxy {
  port: number;
  /** `CONNECT localhost:443` or `POST http://…`, in the order in which they came. */
  asked: string[];
  behave(behaviour: ProxyBehaviour): void;
  close(): Promise<void>;
}

/** Starts one on a free port. @param credentials `user:password` that it wants; none for anybody */
export async function startConnectProxy(credentials: string | null = null): Promise<ConnectProxy> {
  let behaviour: ProxyBehaviour = { kind: 'pass' };
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const wanted = credentials === null ? null : `Basic ${Buffer.from(credentials).toString('base64')}`;
  const statusFor = (request: IncomingMessage): number | null => {
    asked.push(`${request.method} ${request.url}`);
    if (behaviour.kind === 'refuse') return behaviour.status;
    return wanted !== null && request.headers['proxy-authorization'] !== wanted ? 407 : null;
  };
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const status = statusFor(request);
    if (status !== null) {
      response.writeHead(status).end();
      return;
    }
    if (behaviour.kind === 'hang') return;
    if (behaviour.kind === 'drop') {
      request.socket.destroy();
      return;
    }
    const passed = request.rawHeaders.flatMap((name, i) =>
      i % 2 === 0 && name.toLowerCase() !== 'proxy-authorization' ? [name, request.rawHeaders[i + 1] ?? ''] : [],
    );
    const onward = forward(request.url ?? '', { method: request.method ?? 'GET', headers: passed }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.writeHead(502).end());
    request.pipe(onward);
  });
  server.on('connect', (request: IncomingMessage, client: Socket) => {
    client.on('error', () => client.destroy());
    const status = statusFor(request);
    if (status !== null) {
      client.end(`HTTP/1.1 ${status} Refused\r\ncontent-length: 0\r\n\r\n`);
      return;
    }
    if (behaviour.kind === 'hang') return;
    if (behaviour.kind === 'drop') {
      client.destroy();
      return;
    }
    const { hostname, port } = new URL(`http://${request.url}`);
    const onward = connect(Number(port), hostname, () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      client.pipe(onward).pipe(client);
    });
    onward.on('error', () => client.destroy());
    client.on('close', () => onward.destroy());
  });
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    asked,
    behave(next) {
      behaviour = next;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
