import { once } from 'node:events';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { createSecureServer, type Http2SecureServer } from 'node:http2';
import { createServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { act, type Behaviour, ok, type ReceivedRequest, readRequest } from './receiver.ts';

export interface KeyPair {
  cert: string;
  key: string;
}

export interface SecureSetup extends KeyPair {
  /** Speaks HTTP/2 and nothing else. */
  http2?: boolean;
  /** Asks for a client certificate that leads to one of these, PEM. */
  clientCa?: string;
}

/** A request as it came over TLS. */
export interface SecureRequest extends ReceivedRequest {
  /** `1.1` or `2.0`. */
  version: string;
  /** The common name of the client certificate, or null. */
  client: string | null;
}

/** A real HTTPS target on loopback, over HTTP/1.1 or HTTP/2, that behaves as it is told. */
export interface SecureReceiver {
  /** `https://localhost:port`, without a slash at the end. */
  url: string;
  port: number;
  received: SecureRequest[];
  /** Connections that were made in all. */
  accepted(): number;
  open(): number;
  behave(behaviour: Behaviour): void;
  /** Shows another certificate from now on. */
  show(pair: KeyPair): void;
  close(): Promise<void>;
}

function clientOf(request: IncomingMessage): string | null {
  const socket: unknown = request.socket;
  const certificate =
    typeof socket === 'object' &&
    socket !== null &&
    'getPeerCertificate' in socket &&
    typeof socket.getPeerCertificate === 'function'
      ? (socket.getPeerCertificate() as { subject?: { CN?: string } })
      : {};
  return certificate.subject?.CN ?? null;
}

/** Starts one on a free port of 127.0.0.1. It answers 200 until it is told otherwise. */
export async function startSecureReceiver(setup: SecureSetup): Promise<SecureReceiver> {
  let behaviour: Behaviour = ok;
  const received: SecureRequest[] = [];
  const sockets = new Set<Socket>();
  let accepted = 0;
  const listener = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    response.on('error', () => {});
    try {
      received.push({ ...(await readRequest(request)), version: request.httpVersion, client: clientOf(request) });
      act(response, behaviour);
    } catch {
      // The client went away while it sent: that is its right.
    }
  };
  const { cert, key, clientCa, http2 = false } = setup;
  const options = { cert, key, ...(clientCa === undefined ? {} : { ca: clientCa, requestCert: true, rejectUnauthorized: true }) };
  const server = http2
    ? createSecureServer(options, listener as unknown as Parameters<Http2SecureServer['on']>[1] & (() => void))
    : createServer(options, listener as RequestListener);
  server.on('connection', (socket: Socket) => {
    accepted += 1;
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  // Clients that do not trust it, or that it does not trust, end their handshakes: that is what is tested.
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `https://localhost:${port}`,
    port,
    received,
    accepted: () => accepted,
    open: () => sockets.size,
    behave(next) {
      behaviour = next;
    },
    show: (pair) => server.setSecureContext(pair),
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
