import type { Socket } from 'node:net';
import { type Server, TLSSocket } from 'node:tls';

/** Connections whose TLS handshake has not ended: HTTP does not know of them yet. */
export class TlsHandshakes {
  readonly #secured = new WeakSet<Socket>();
  readonly #waiting = new Map<string, Socket>();

  constructor(server: Pick<Server, 'on'>) {
    server.on('connection', (socket: Socket) => {
      const name = nameOf(socket);
      this.#waiting.set(name, socket);
      socket.once('close', () => {
        if (this.#waiting.get(name) === socket) this.#waiting.delete(name);
      });
    });
    server.on('secureConnection', (socket: TLSSocket) => {
      this.#secured.add(socket);
      this.#waiting.delete(nameOf(socket));
    });
  }

  /** Whether an error of this socket is one of its handshake. */
  has(socket: Socket): boolean {
    return socket instanceof TLSSocket && !this.#secured.has(socket);
  }

  /** Ends them all: none has a request that could be answered. */
  end(): void {
    for (const socket of this.#waiting.values()) socket.destroy();
  }
}

/** A connection is two sockets, the raw one and that over it, which have the other side's address in common. */
function nameOf(socket: Socket): string {
  return `${socket.remoteAddress}|${socket.remotePort}`;
}
