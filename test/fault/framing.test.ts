import { afterAll, beforeAll, expect, test } from 'vitest';
import { ROUTE_PATH, TOKEN, TOKEN_HEADER } from '../support/knowledgesdk-event.ts';
import { sendRaw } from '../support/raw-http.ts';
import { RelayProcess } from '../support/relay-process.ts';

const HOST = 'Host: relay.example';
const AUTH = `${TOKEN_HEADER}: ${TOKEN}`;
const BODY = '{"event":"TESTING_CONNECTION"}';

function message(headers: readonly string[], body = BODY): string {
  return `POST ${ROUTE_PATH} HTTP/1.1\r\n${headers.map((header) => `${header}\r\n`).join('')}\r\n${body}`;
}
const LENGTH = `Content-Length: ${BODY.length}`;

const refused: Record<string, string> = {
  'no Host': message([AUTH, LENGTH]),
  'an empty Host': message(['Host:', AUTH, LENGTH]),
  'two Hosts': message([HOST, 'Host: other.example', AUTH, LENGTH]),
  'a Host with a space': message(['Host: a b', AUTH, LENGTH]),
  'a Host with a path': message(['Host: relay.example/x', AUTH, LENGTH]),
  'a Host with user information': message(['Host: user@relay.example', AUTH, LENGTH]),
  'both lengths': message(
    [HOST, AUTH, LENGTH, 'Transfer-Encoding: chunked'],
    `${BODY.length.toString(16)}\r\n${BODY}\r\n0\r\n\r\n`,
  ),
  'conflicting lengths': message([HOST, AUTH, LENGTH, `Content-Length: ${BODY.length + 1}`]),
  'a negative length': message([HOST, AUTH, 'Content-Length: -1']),
  'a length that is no number': message([HOST, AUTH, 'Content-Length: 0x10']),
  'a bad chunk size': message([HOST, AUTH, 'Transfer-Encoding: chunked'], `zz\r\n${BODY}\r\n0\r\n\r\n`),
  'a chunk that is longer than its size': message([HOST, AUTH, 'Transfer-Encoding: chunked'], `5\r\n${BODY}\r\n0\r\n\r\n`),
  'chunked not last': message([HOST, AUTH, 'Transfer-Encoding: chunked, identity'], BODY),
  'an obsolete line fold': message([HOST, AUTH, LENGTH, 'X-Folded: a\r\n b']),
  'a space before the colon': message([HOST, `${TOKEN_HEADER} : ${TOKEN}`, LENGTH]),
  'a bare line feed in the head': `POST ${ROUTE_PATH} HTTP/1.1\n${HOST}\n${AUTH}\n${LENGTH}\n\n${BODY}`,
  'no HTTP at all': '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n',
};

let relay: RelayProcess;
beforeAll(async () => {
  relay = await RelayProcess.start({ target: 'http://127.0.0.1:9/hooks' });
}, 30_000);
afterAll(() => relay.remove());

async function storedEvents(): Promise<number> {
  let count = 0;
  for await (const event of relay.admin.events()) count += event.id === '' ? 0 : 1;
  return count;
}

test.each(Object.keys(refused))('%s: 400, the connection closed, nothing stored', async (name) => {
  const before = await storedEvents();
  const answer = await sendRaw(relay.publicUrl, refused[name] ?? '');
  expect(answer).toMatchObject({ status: 400, isClosed: true });
  expect(answer.text.split('HTTP/1.1 ')).toHaveLength(2); // one answer, not one more for what was smuggled
  expect(await storedEvents()).toBe(before);
});

test('two tokens that differ are refused, whichever is right and whichever comes first', async () => {
  const before = await storedEvents();
  for (const pair of [
    [AUTH, `${TOKEN_HEADER}: wrong`],
    [`${TOKEN_HEADER}: wrong`, AUTH],
  ]) {
    const answer = await sendRaw(relay.publicUrl, message([HOST, ...pair, LENGTH, 'Connection: close']));
    expect([400, 401]).toContain(answer.status);
  }
  expect(await storedEvents()).toBe(before);
});

test('control: the same request without a fault is taken', async () => {
  const before = await storedEvents();
  const answer = await sendRaw(relay.publicUrl, message([HOST, AUTH, LENGTH, 'Connection: close']));
  expect(answer.status).toBe(200);
  expect(await storedEvents()).toBe(before + 1);
});
