import { createServer, type Server } from 'node:http';
import { bodyOfKey } from './event-client.ts';
import type { EventLedger } from './event-ledger.ts';
import { KEY_HEADER } from './knowledgesdk-event.ts';

/** A target that writes what it takes into a ledger and compares every body with the one sent. */
export class LedgerTarget {
  /** Share of requests answered 500. */
  failShare = 0;
  readonly #server: Server;
  url = '';

  constructor(ledger: EventLedger) {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const body = Buffer.concat(chunks);
        const key = String(request.headers[KEY_HEADER]);
        if (!body.equals(bodyOfKey(key, body.length))) ledger.altered.add(key);
        const isFailing = Math.random() < this.failShare;
        if (!isFailing) ledger.noteDelivered(key);
        response.writeHead(isFailing ? 500 : 200).end();
      });
    });
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    const address = this.#server.address();
    this.url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/hooks`;
    return this;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
