import { createServer, request } from 'node:http';

/**
 * What the relay must never be: a door that acknowledges before anything is stored and passes the request on after.
 * The control of the kill loop, which has to catch it.
 */
export async function startHastyProxy(upstream: () => string | null): Promise<{ url: string; stop(): void }> {
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      response.end('{"status":"accepted"}');
      const url = upstream();
      if (url === null) return;
      const outgoing = request(url, { method: 'POST', headers: incoming.headers });
      outgoing.on('error', () => undefined);
      outgoing.on('response', (answer) => answer.on('error', () => undefined).resume());
      outgoing.end(Buffer.concat(chunks));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}/webhooks/knowledgesdk`,
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
