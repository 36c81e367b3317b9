import { SNS_HOSTS } from './sns-hosts.ts';
import type { SourceText } from './source.ts';

/** What must hold of a request. Texts are compared as they stand; numbers in a body count as their digits. */
export type Condition =
  | { at: SourceText; is: readonly string[] }
  | { at: SourceText; there: boolean }
  | { at: SourceText; empty: true };

/** What a route has configured that a request without a signature must know. */
export type HandshakeSetting = 'verifyToken' | 'topic';

/** A secret's wire form in an answer that proves that it is known. */
export interface ProofForm {
  /** Field of the JSON answer that repeats the token; null for none. */
  tokenField: string | null;
  field: string;
  prefix: '' | 'sha256=';
  encoding: 'hex' | 'base64';
}

/**
 * How a handshake is answered:
 * - `echo`: with the challenge, as plain text or as the only field of a JSON object
 * - `prove`: with HMAC-SHA256 of a token under the route's secret, as JSON
 * - `fixed`: always the same
 * - `confirm`: once the URL in the body has been fetched, which is only done on hosts of the provider
 * - `learn`: with 200 and an empty body, once the secret is stored; only while an operator has armed the route
 */
export type HandshakeReply =
  | { kind: 'echo'; from: SourceText; form: 'text' | { field: string } }
  | { kind: 'prove'; token: SourceText; form: ProofForm }
  | { kind: 'fixed'; status: 200 | 204; json: string | null }
  | { kind: 'confirm'; url: SourceText; hosts: RegExp }
  | { kind: 'learn'; secret: SourceText; echo: string | null; shown: boolean };

/** A request of a provider that is no event but asks for a certain answer. */
export interface Handshake {
  /** Whether it comes before the verification: those that the provider does not sign. */
  stage: 'before' | 'after';
  method: 'GET' | 'POST';
  /** All of them must hold; otherwise the request is an event like any other. */
  when: readonly Condition[];
  /** What the sender must know once it is known to be a handshake; otherwise it is refused. */
  check?: { at: SourceText; setting: HandshakeSetting };
  reply: HandshakeReply;
}

const DONE: HandshakeReply = { kind: 'fixed', status: 200, json: null };

const META: readonly Handshake[] = [
  {
    stage: 'before',
    method: 'GET',
    when: [
      { at: 'query:hub.mode', is: ['subscribe'] },
      { at: 'query:hub.challenge', there: true },
    ],
    check: { at: 'query:hub.verify_token', setting: 'verifyToken' },
    reply: { kind: 'echo', from: 'query:hub.challenge', form: 'text' },
  },
];

/**
 * One row a provider; who is not here has none.
 *
 * - Discord: the ping of interactions has type 1, and so have real webhook events, which have an `event` beside it.
 * - WebSub (section 5.3): only `subscribe` is agreed to. To agree to `unsubscribe` would let anybody end the
 *   subscription by asking the hub for it.
 * - SNS: the URL in an UnsubscribeConfirmation takes the unsubscription back, so it is acknowledged and left alone.
 * - X: its token is restricted where it is read, so that no answer to it is the signature of an event.
 * - Notion: the token comes once and unsigned; every later request has a signature.
 */
export const HANDSHAKES: Readonly<Record<string, readonly Handshake[]>> = {
  slack: [
    {
      stage: 'after',
      method: 'POST',
      when: [{ at: 'body:type', is: ['url_verification'] }],
      reply: { kind: 'echo', from: 'body:challenge', form: 'text' },
    },
  ],
  zoom: [
    {
      stage: 'after',
      method: 'POST',
      when: [{ at: 'body:event', is: ['endpoint.url_validation'] }],
      reply: {
        kind: 'prove',
        token: 'body:payload.plainToken',
        form: { tokenField: 'plainToken', field: 'encryptedToken', prefix: '', encoding: 'hex' },
      },
    },
  ],
  discord: [
    {
      stage: 'after',
      method: 'POST',
      when: [
        { at: 'body:type', is: ['1'] },
        { at: 'body:event', there: false },
      ],
      reply: { kind: 'fixed', status: 200, json: '{"type":1}' },
    },
    {
      stage: 'after',
      method: 'POST',
      when: [{ at: 'body:type', is: ['0'] }],
      reply: { kind: 'fixed', status: 204, json: null },
    },
  ],
  twitch: [
    {
      stage: 'after',
      method: 'POST',
      when: [{ at: 'header:twitch-eventsub-message-type', is: ['webhook_callback_verification'] }],
      reply: { kind: 'echo', from: 'body:challenge', form: 'text' },
    },
  ],
  meta: META,
  whatsapp: META,
  websub: [
    {
      stage: 'before',
      method: 'GET',
      when: [
        { at: 'query:hub.mode', is: ['subscribe'] },
        { at: 'query:hub.challenge', there: true },
      ],
      check: { at: 'query:hub.topic', setting: 'topic' },
      reply: { kind: 'echo', from: 'query:hub.challenge', form: 'text' },
    },
  ],
  dropbox: [
    {
      stage: 'before',
      method: 'GET',
      when: [{ at: 'query:challenge', there: true }],
      reply: { kind: 'echo', from: 'query:challenge', form: 'text' },
    },
  ],
  msgraph: [
    {
      stage: 'before',
      method: 'POST',
      when: [{ at: 'query:validationToken', there: true }],
      reply: { kind: 'echo', from: 'query:validationToken', form: 'text' },
    },
  ],
  okta: [
    {
      stage: 'before',
      method: 'GET',
      when: [{ at: 'header:x-okta-verification-challenge', there: true }],
      reply: { kind: 'echo', from: 'header:x-okta-verification-challenge', form: { field: 'verification' } },
    },
  ],
  x: [
    {
      stage: 'before',
      method: 'GET',
      when: [{ at: 'query:crc_token', there: true }],
      reply: {
        kind: 'prove',
        token: 'query:crc_token',
        form: { tokenField: null, field: 'response_token', prefix: 'sha256=', encoding: 'base64' },
      },
    },
  ],
  asana: [
    {
      stage: 'before',
      method: 'POST',
      when: [
        { at: 'header:x-hook-secret', there: true },
        { at: 'header:x-hook-signature', there: false },
      ],
      reply: { kind: 'learn', secret: 'header:x-hook-secret', echo: 'X-Hook-Secret', shown: false },
    },
  ],
  notion: [
    {
      stage: 'before',
      method: 'POST',
      when: [
        { at: 'body:verification_token', there: true },
        { at: 'header:x-notion-signature', there: false },
      ],
      reply: { kind: 'learn', secret: 'body:verification_token', echo: null, shown: true },
    },
  ],
  xero: [{ stage: 'after', method: 'POST', when: [{ at: 'body:events', empty: true }], reply: DONE }],
  sns: [
    {
      stage: 'after',
      method: 'POST',
      when: [{ at: 'body:Type', is: ['SubscriptionConfirmation'] }],
      reply: { kind: 'confirm', url: 'body:SubscribeURL', hosts: SNS_HOSTS },
    },
    {
      stage: 'after',
      method: 'POST',
      when: [{ at: 'body:Type', is: ['UnsubscribeConfirmation'] }],
      reply: DONE,
    },
  ],
  intercom: [{ stage: 'after', method: 'POST', when: [{ at: 'body:topic', is: ['ping'] }], reply: DONE }],
};

/** The handshakes of a provider, in the order in which they are tried. */
export function handshakesOf(provider: string): readonly Handshake[] {
  return Object.hasOwn(HANDSHAKES, provider) ? (HANDSHAKES[provider] ?? []) : [];
}

/** Whether the provider hands its secret over itself, so that a route can do without a configured one. */
export function learnsSecret(provider: string): boolean {
  return handshakesOf(provider).some(({ reply }) => reply.kind === 'learn');
}

/** Whether the operator has to type the secret that was handed over into the provider's page. */
export function showsSecret(provider: string): boolean {
  return handshakesOf(provider).some(({ reply }) => reply.kind === 'learn' && reply.shown);
}

/** What a route must have configured for its provider's handshakes. */
export function neededSettings(provider: string): HandshakeSetting[] {
  return handshakesOf(provider).flatMap(({ check }) => (check === undefined ? [] : [check.setting]));
}
