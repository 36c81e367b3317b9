/** A sample app behind the relay: checks the signature, remembers what it has done, prints what it gets. Needs nothing but Node. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';

const port = Number(process.env.PORT ?? 3000);
const secret = process.env.HOOKBAY_SIGNING_SECRET ?? '';
/** After `whsec_` the key's bytes are in base64; any other secret is the key itself, as text. */
const key = secret.startsWith('whsec_') ? Buffer.from(secret.slice('whsec_'.length), 'base64') : Buffer.from(secret, 'utf8');
/** Webhooks come at least once: an app that must not do its work twice remembers `webhook-id`, best in its own database. */
const done = new Set();

/** Standard Webhooks: HMAC-SHA256 over `id.timestamp.body`, at most five minutes old. */
function isGenuine(headers, body) {
  const { 'webhook-id': id = '', 'webhook-timestamp': timestamp = '', 'webhook-signature': signatures = '' } = headers;
  if (Math.abs(Date.now() / 1000 - Number(timestamp)) > 300) return false;
  const expected = Buffer.from(createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest('base64'));
  return signatures.split(' ').some((signature) => {
    const given = Buffer.from(signature.replace(/^v1,/, ''));
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
}

const server = createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  if (key.length > 0 && !isGenuine(request.headers, body)) return response.writeHead(401).end('bad signature\n');
  const id = request.headers['webhook-id'] ?? request.headers['hookbay-event-id'];
  const again = done.has(id);
  done.add(id);
  console.log(
    `${again ? 'again' : 'got'} ${request.headers['hookbay-event-type'] ?? '-'} ${id}: ${body.toString().slice(0, 200)}`,
  );
  response.end('ok\n');
});
server.listen(port, () => console.log(`sample app listening on ${server.address().port}`));
