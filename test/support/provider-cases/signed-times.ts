import type { CredentialCase } from './credential-case.ts';
import { base64, hex, joined, MINUTE_MS, type Secrets, seconds, sharedSecret } from './shared-secret.ts';

/** Signatures whose header also holds the time: `t=<time>,v1=<hex>` over `<time>.<body>`. */
function inOneHeader(
  header: string,
  written: { separator: string; time: string; key: string; between: string; toleranceMs: number; at?: typeof seconds },
): [CredentialCase] {
  const { separator, time, key, between, toleranceMs, at = seconds } = written;
  return [
    sharedSecret({
      place: `header:${header}`,
      toleranceMs,
      prove({ body }, secret, now) {
        const signature = hex(secret, `${at(now)}${between}`, body);
        return { headers: { [header]: `${time}=${at(now)}${separator}${key}=${signature}` } };
      },
      merge: joined(header, separator, /^[^,;]*[,;]/),
    }),
  ];
}

function slackStyle(signature: string, time: string): [CredentialCase] {
  return [
    sharedSecret({
      place: `header:${signature}`,
      needs: [time],
      toleranceMs: 5 * MINUTE_MS,
      prove({ body }, secret, now) {
        const v0 = `v0=${hex(secret, `v0:${seconds(now)}:`, body)}`;
        return { headers: { [time]: seconds(now), [signature]: v0 } };
      },
    }),
  ];
}

const WHSEC: Secrets = {
  first: `whsec_${Buffer.from('the first key of 24 byte').toString('base64')}`,
  second: `whsec_${Buffer.from('the other key of 24 byte').toString('base64')}`,
  stranger: `whsec_${Buffer.from('a stranger key, 24 bytes').toString('base64')}`,
};
const decoded = (secret: string): Buffer => Buffer.from(secret.replace('whsec_', ''), 'base64');

/** https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md */
function standard(prefix: 'webhook' | 'svix', keyOf: (secret: string) => Buffer = decoded): [CredentialCase] {
  const [id, time, signature] = [`${prefix}-id`, `${prefix}-timestamp`, `${prefix}-signature`];
  return [
    sharedSecret({
      secrets: WHSEC,
      place: `header:${signature}`,
      needs: [id, time],
      toleranceMs: 5 * MINUTE_MS,
      prove({ headers, body }, secret, now) {
        const v1 = `v1,${base64(keyOf(secret), `${headers[id]}.${seconds(now)}.`, body)}`;
        return { headers: { [time]: seconds(now), [signature]: v1 } };
      },
      merge: joined(signature, ' '),
    }),
  ];
}

/** Providers that sign a time with the body. */
export const SIGNED_TIMES = {
  std: standard('webhook'),
  svix: standard('svix'),
  clerk: standard('svix'),
  resend: standard('svix'),
  openai: standard('webhook'),
  replicate: standard('webhook'),
  polar: standard('webhook', (secret) => Buffer.from(secret)),
  'gitlab-signed': standard('webhook'),
  stripe: inOneHeader('stripe-signature', {
    separator: ',',
    time: 't',
    key: 'v1',
    between: '.',
    toleranceMs: 5 * MINUTE_MS,
  }),
  calendly: inOneHeader('calendly-webhook-signature', {
    separator: ',',
    time: 't',
    key: 'v1',
    between: '.',
    toleranceMs: 3 * MINUTE_MS,
  }),
  workos: inOneHeader('workos-signature', {
    separator: ',',
    time: 't',
    key: 'v1',
    between: '.',
    toleranceMs: 3 * MINUTE_MS,
    at: String,
  }),
  paddle: inOneHeader('paddle-signature', {
    separator: ';',
    time: 'ts',
    key: 'h1',
    between: ':',
    toleranceMs: 5 * MINUTE_MS,
  }),
  slack: slackStyle('x-slack-signature', 'x-slack-request-timestamp'),
  zoom: slackStyle('x-zm-signature', 'x-zm-request-timestamp'),
  zendesk: [
    sharedSecret({
      place: 'header:x-zendesk-webhook-signature',
      needs: ['x-zendesk-webhook-signature-timestamp'],
      toleranceMs: 5 * MINUTE_MS,
      prove({ body }, secret, now) {
        const time = new Date(now).toISOString();
        const signature = base64(secret, time, body);
        return { headers: { 'x-zendesk-webhook-signature-timestamp': time, 'x-zendesk-webhook-signature': signature } };
      },
    }),
  ],
  twitch: [
    sharedSecret({
      place: 'header:twitch-eventsub-message-signature',
      needs: ['twitch-eventsub-message-id', 'twitch-eventsub-message-timestamp'],
      toleranceMs: 10 * MINUTE_MS,
      prove({ headers, body }, secret, now) {
        const time = new Date(now).toISOString();
        const signature = `sha256=${hex(secret, `${headers['twitch-eventsub-message-id']}${time}`, body)}`;
        return {
          headers: { 'twitch-eventsub-message-timestamp': time, 'twitch-eventsub-message-signature': signature },
        };
      },
    }),
  ],
} as const satisfies Record<string, readonly CredentialCase[]>;
