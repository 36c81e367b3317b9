import type { CredentialCase } from './credential-case.ts';
import { base64, hex, MINUTE_MS, mac, PUBLIC_URL, type Secrets, seconds, sharedSecret } from './shared-secret.ts';

const TOKEN_TIME = { because: 'it is sent as it is, and signs nothing' };
const TOKEN_BODY = { because: 'it is sent as it is: whoever has seen one request can send any body' };

const SENT_ALONG = { toleranceMs: TOKEN_TIME, covers: TOKEN_BODY } as const;

function token(name: string, changes: { params?: Record<string, string> } = {}): CredentialCase {
  const prove = (_: unknown, secret: string) => ({ headers: { [name]: secret } });
  return sharedSecret({ ...SENT_ALONG, ...changes, setting: 'token', place: `header:${name}`, prove });
}

/** With `hook:` they are 12 bytes, so that base64 needs no padding, whose loss would change nothing. */
const PASSWORDS: Secrets = { first: 'first-1', second: 'secnd-2', stranger: 'strng-3' };

const HEX_KEYS: Secrets = { first: 'a1'.repeat(32), second: 'B2'.repeat(32), stranger: 'c3'.repeat(32) };

/** The escapes that HubSpot decodes before it signs: https://developers.hubspot.com/docs/api/webhooks/validating-requests */
const HUBSPOT: Readonly<Record<string, string>> = { '%3A': ':', '%2F': '/', '%3F': '?', '%40': '@', '%21': '!', '%24': '$' };
const asHubSpotWrites = (url: string): string => url.replace(/%[0-9A-F]{2}/g, (written) => HUBSPOT[written] ?? written);

const urlOf = ({ path, query }: { path: string; query: string }): string => `${PUBLIC_URL}${path}?${query}`;
const parsed = (body: Buffer) => JSON.parse(body.toString());
const written = (payload: unknown): Buffer => Buffer.from(JSON.stringify(payload));

/** Providers that sign more or less than the body, and those that sign nothing. */
export const OTHER_SECRETS = {
  knowledgesdk: [
    token('x-knowledgesdk-webhook-token'),
    sharedSecret({
      setting: 'hmac',
      place: 'header:x-knowledgesdk-signature',
      needs: ['x-knowledgesdk-timestamp'],
      toleranceMs: 5 * MINUTE_MS,
      prove({ body }, secret, now) {
        const signature = `sha256=${hex(secret, `${seconds(now)}.`, body)}`;
        return { headers: { 'x-knowledgesdk-timestamp': seconds(now), 'x-knowledgesdk-signature': signature } };
      },
    }),
  ],
  gitlab: [token('x-gitlab-token')],
  okta: [token('authorization')],
  assemblyai: [token('x-my-own', { params: { header: 'X-My-Own' } })],
  postmark: [
    sharedSecret({
      ...SENT_ALONG,
      setting: 'password',
      secrets: PASSWORDS,
      params: { username: 'hook' },
      place: 'header:authorization',
      prove: (_, secret) => ({ headers: { authorization: `Basic ${Buffer.from(`hook:${secret}`).toString('base64')}` } }),
    }),
    sharedSecret({
      ...SENT_ALONG,
      setting: 'token',
      place: 'query:token',
      prove: ({ query }, secret) => ({ query: `${query}&token=${encodeURIComponent(secret).replaceAll('%20', '+')}` }),
    }),
  ],
  figma: [
    sharedSecret({
      ...SENT_ALONG,
      setting: 'token',
      place: 'body:passcode',
      prove: ({ body }, passcode) => ({ body: written({ ...parsed(body), passcode }) }),
    }),
  ],
  msgraph: [
    sharedSecret({
      ...SENT_ALONG,
      setting: 'token',
      place: 'body:value.0.clientState',
      prove({ body }, clientState) {
        const { value } = parsed(body);
        return { body: written({ value: value.map((each: object) => ({ ...each, clientState })) }) };
      },
    }),
  ],
  mailgun: [
    sharedSecret({
      place: 'body:signature.signature',
      toleranceMs: 60 * MINUTE_MS,
      covers: { because: 'it covers a time and a token that stand in the body, and nothing that the body says' },
      prove({ body }, secret, now) {
        const payload = parsed(body);
        const signature = { ...payload.signature, timestamp: seconds(now) };
        signature.signature = hex(secret, `${signature.timestamp}${signature.token}`);
        return { body: written({ ...payload, signature }) };
      },
    }),
  ],
  adyen: [
    sharedSecret({
      secrets: HEX_KEYS,
      place: 'body:notificationItems.0.NotificationRequestItem.additionalData.hmacSignature',
      toleranceMs: { because: 'none of the eight fields that are signed is a time' },
      covers: {
        fields: [
          'pspReference',
          'originalReference',
          'merchantAccountCode',
          'merchantReference',
          'amount.value',
          'amount.currency',
          'eventCode',
          'success',
        ].map((field) => `notificationItems.0.NotificationRequestItem.${field}`),
        not: 'notificationItems.0.NotificationRequestItem.eventDate',
      },
      prove({ body }, secret) {
        const payload = parsed(body);
        for (const { NotificationRequestItem: item } of payload.notificationItems) {
          const { pspReference, originalReference = '', merchantAccountCode, merchantReference, amount } = item;
          const text = `${pspReference}:${originalReference}:${merchantAccountCode}:${merchantReference}:${amount.value}:${amount.currency}:${item.eventCode}:${item.success}`;
          item.additionalData.hmacSignature = base64(Buffer.from(secret, 'hex'), text);
        }
        return { body: written(payload) };
      },
    }),
  ],
  twilio: [
    sharedSecret({
      place: 'header:x-twilio-signature',
      toleranceMs: { because: 'it signs the URL and the form, and no time' },
      prove(request, secret) {
        const form = new URLSearchParams(request.body.toString());
        form.sort();
        const text = [...form].map((pair) => pair.join(''));
        return { headers: { 'x-twilio-signature': mac('sha1', secret, urlOf(request), ...text).toString('base64') } };
      },
    }),
  ],
  square: [
    sharedSecret({
      place: 'header:x-square-hmacsha256-signature',
      toleranceMs: { because: 'it signs the URL and the body, and no time' },
      prove: (request, secret) => ({
        headers: { 'x-square-hmacsha256-signature': base64(secret, urlOf(request), request.body) },
      }),
    }),
  ],
  hubspot: [
    sharedSecret({
      place: 'header:x-hubspot-signature-v3',
      needs: ['x-hubspot-request-timestamp'],
      toleranceMs: 5 * MINUTE_MS,
      prove(request, secret, now) {
        const signature = base64(secret, `POST${asHubSpotWrites(urlOf(request))}`, request.body, String(now));
        return { headers: { 'x-hubspot-request-timestamp': String(now), 'x-hubspot-signature-v3': signature } };
      },
    }),
  ],
} as const satisfies Record<string, readonly CredentialCase[]>;
