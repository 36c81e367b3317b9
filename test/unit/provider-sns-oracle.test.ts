import { sign } from 'node:crypto';
import { once } from 'node:events';
import https, { Agent, createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:tls';
import MessageValidator from 'sns-validator';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { senderOf } from '../../src/providers/sender.ts';
import { MemoryKeys } from '../support/memory-keys.ts';
import { judge } from '../support/providers.ts';
import { selfSigned } from '../support/self-signed.ts';

const HOST = 'sns.eu-central-1.amazonaws.com';
const PATH = '/SimpleNotificationService-0123456789abcdef.pem';
const SigningCertURL = `https://${HOST}${PATH}`;
const TopicArn = 'arn:aws:sns:eu-central-1:123456789012:orders';
const signing = selfSigned('sns.amazonaws.com');
const server = selfSigned(HOST);

/** The vendor's library fetches the certificate itself: its connections end at a server here that has one. */
let running: Server;
const usual = https.globalAgent;
beforeAll(async () => {
  const key = server.privateKey.export({ format: 'pem', type: 'pkcs8' });
  running = createServer({ key, cert: server.certificate }, ({ url }, response) => {
    response.writeHead(url === PATH ? 200 : 404).end(signing.certificate);
  });
  running.listen(0, '127.0.0.1');
  await once(running, 'listening');
  const { port } = running.address() as AddressInfo;
  const agent = new Agent();
  agent.createConnection = () => connect({ host: '127.0.0.1', port, servername: HOST, ca: server.certificate });
  https.globalAgent = agent;
});
afterAll(() => {
  https.globalAgent = usual;
  running.close().closeAllConnections();
});

function theirs(body: string): Promise<boolean> {
  return new Promise((resolve) => new MessageValidator().validate(body, (error) => resolve(error === null)));
}

async function ours(body: string): Promise<boolean> {
  const keys = new MemoryKeys({ [SigningCertURL]: signing.certificate });
  for (const algorithm of ['rsa-sha1', 'rsa-sha256'] as const)
    await keys.load({ format: 'cert', url: SigningCertURL, algorithm });
  return judge(senderOf('sns', { params: { topicArn: TopicArn } }), { headers: {}, body }, keys) === 'verified';
}

const NOTE = {
  Type: 'Notification',
  MessageId: '22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324',
  TopicArn,
  Message: 'Grüße\nTimestamp\n{"a":1}',
  Timestamp: '2026-03-20T14:30:00.000Z',
};
const SUBJECT = { ...NOTE, Subject: 'A subject – with a dash' };
const CONFIRMATION = {
  ...NOTE,
  Type: 'SubscriptionConfirmation',
  Token: '2336412f37fb687f5d51e6e241d09c805a5a57b30d712f794cc5f6a988666d92768dd60a747ba6f3beb71854e285d6ad02428b09ceece',
  SubscribeURL: `https://${HOST}/?Action=ConfirmSubscription&TopicArn=${TopicArn}`,
};

const text = (message: object): string =>
  Object.entries(message)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}\n${value}\n`)
    .join('');

test.each([
  ['a notification', NOTE],
  ['a notification with a subject', SUBJECT],
  ['a confirmation', CONFIRMATION],
])('sns-validator and we say the same to %s', async (_, message) => {
  for (const [SignatureVersion, algorithm] of [
    ['1', 'sha1'],
    ['2', 'sha256'],
  ] as const) {
    const Signature = sign(algorithm, Buffer.from(text(message)), signing.privateKey).toString('base64');
    const whole = { ...message, SignatureVersion, Signature, SigningCertURL, UnsubscribeURL: 'https://example.com' };
    const changed = Object.keys(message).map((name) => ({ ...whole, [name]: `${Object(message)[name]}x` }));
    const others = [
      whole,
      { ...whole, UnsubscribeURL: 'another' },
      { ...whole, Signature: Signature.slice(4) },
      { ...whole, SignatureVersion: SignatureVersion === '1' ? '2' : '1' },
      { ...whole, SigningCertURL: SigningCertURL.replace('amazonaws', 'amazonaws.example') },
      { ...whole, Subject: null },
    ];
    const verdicts: boolean[] = [];
    for (const each of [...others, ...changed]) {
      const body = JSON.stringify(each);
      const verdict = await ours(body);
      expect(await theirs(body), body).toBe(verdict);
      verdicts.push(verdict);
    }
    const last = !('Subject' in message);
    expect(verdicts).toEqual([true, true, false, false, false, last, ...changed.map(() => false)]);
  }
});
