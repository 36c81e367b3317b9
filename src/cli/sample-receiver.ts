import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { printable } from './text.ts';

export interface SampleReceiver {
  url: string;
  close(): Promise<void>;
}

const SHOWN_BODY = 160;

/** Stands for the user's app: takes what the relay delivers and prints a line for each. */
export async function startSampleReceiver(host: string, print: (line: string) => void): Promise<SampleReceiver> {
  const server = createServer(async (request, response) => {
    try {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      print(describe(request, Buffer.concat(chunks)));
      response.end('{"received":true}');
    } catch {
      response.destroy(); // The relay went away; it will come again.
    }
  });
  server.listen(0, host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${host}:${port}`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function describe(request: IncomingMessage, body: Buffer): string {
  const header = (name: string): string => String(request.headers[name] ?? '?');
  const text = body.subarray(0, SHOWN_BODY).toString();
  const more = body.length > SHOWN_BODY ? '…' : '';
  const what = `${header('hookbay-event-type')} ${header('hookbay-event-id')}, attempt ${header('hookbay-attempt')}`;
  return printable(`sample app got ${what}: ${text}${more}`);
}
