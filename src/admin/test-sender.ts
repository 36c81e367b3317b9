import { readFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { ownListenerTls } from '../config/own-listener.ts';
import type { ListenAddress, RouteConfig } from '../config/types.ts';
import type { Clock } from '../domain/clock.ts';
import type { OutgoingRequest } from '../providers/draft.ts';
import { sampleRequest } from '../providers/sample.ts';
import { senderOf } from '../providers/sender.ts';
import { signRequest } from '../providers/sign.ts';
import type { TestAnswer, TestSender } from './ports.ts';

const TIMEOUT_MS = 10_000;

export interface TestSenderOptions {
  routes(): ReadonlyMap<string, RouteConfig>;
  /** Where the public listener listens, and the PEM file of its certificate; null for plain HTTP. */
  publicListener(): { address: ListenAddress; certFile: string | null };
  clock: Clock;
}

/** Sends test events to our own public listener, signed as the provider signs: nothing on their way is special. */
export function createTestSender({ routes, publicListener, clock }: TestSenderOptions): TestSender {
  return {
    async send(name, { type, payload }): Promise<TestAnswer> {
      const route = routes().get(name);
      if (route === undefined) return { kind: 'missing' };
      const changes = { ...(type === null ? {} : { type }), ...(payload === null ? {} : { payload }) };
      const request = signedSample(route, changes, clock.now());
      const own = ownListener(publicListener());
      const { default: got } = await import('got'); // loaded when it is used: it takes 9 MB of memory
      const query = request.query === '' ? '' : `?${request.query}`;
      const response = await got(`${own.origin}${request.path}${query}`, {
        agent: own.agent,
        method: request.method as 'POST' | 'PUT',
        headers: request.headers,
        body: request.body,
        throwHttpErrors: false,
        followRedirect: false,
        retry: { limit: 0 },
        timeout: { request: TIMEOUT_MS },
      });
      // Where the body is the target's (proxy mode) or the route's own, the id stands in a header.
      const named = response.headers['hookbay-event-id'];
      const { eventId, code } = typeof named === 'string' ? { eventId: named, code: null } : answerOf(response.body);
      return { kind: 'answered', statusCode: response.statusCode, eventId, code };
    },
  };
}

/** Whoever verifies nobody gets the sample of KnowledgeSDK, unsigned. */
function signedSample({ verify, path, methods }: RouteConfig, changes: object, now: number): OutgoingRequest {
  const method = methods.includes('POST') ? 'POST' : 'PUT';
  const sender = verify.provider === 'none' ? senderOf('knowledgesdk', {}) : verify;
  return signRequest(sender, { ...sampleRequest(sender, now, changes), method, path }, now);
}

interface OwnListener {
  origin: string;
  agent: { https?: Agent };
}

/** A connection for each event: the certificate may be another one next time. */
function ownListener({ address: { host, port }, certFile }: ReturnType<TestSenderOptions['publicListener']>): OwnListener {
  const at = `${loopback(host)}:${port}`;
  if (certFile === null) return { origin: `http://${at}`, agent: {} };
  const origin = `https://${at}`;
  const { hostname } = new URL(origin);
  const tls = ownListenerTls(hostname.replace(/^\[|\]$/g, ''), () => readFileSync(certFile, 'utf8'));
  return { origin, agent: { https: new Agent({ ...tls, keepAlive: false }) } };
}

/** A listener on every address is reached on loopback. */
function loopback(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}

function answerOf(body: string): { eventId: string | null; code: string | null } {
  try {
    const { eventId, code } = JSON.parse(body) as { eventId?: string; code?: string };
    return { eventId: eventId ?? null, code: code ?? null };
  } catch {
    return { eventId: null, code: null };
  }
}
