import { createServer } from 'node:http';
import { Pool } from 'undici';

// The yardstick for relaying: reads the body, passes it on with undici, answers after the target's answer. No storage.
const target = new URL(process.argv[2] ?? '');
const pool = new Pool(target.origin, { connections: Number(process.argv[3]) });
const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'host', 'content-length', 'transfer-encoding']);

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', async () => {
    const headers = Object.fromEntries(Object.entries(request.headers).filter(([name]) => !HOP_BY_HOP.has(name)));
    const body = chunks.length === 1 ? chunks[0] : Buffer.concat(chunks);
    const answer = await pool.request({ method: 'POST', path: target.pathname, headers, body: body ?? null });
    await answer.body.dump();
    response.writeHead(answer.statusCode, { 'content-type': 'application/json', 'content-length': 21 });
    response.end('{"status":"accepted"}');
  });
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  console.log(JSON.stringify({ msg: 'listening', public: `http://127.0.0.1:${port}/webhooks/knowledgesdk` }));
});
