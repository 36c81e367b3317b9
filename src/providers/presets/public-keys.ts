import type { ProviderPreset } from '../scheme.ts';
import { SNS_HOSTS } from '../sns-hosts.ts';
import { FIVE_MINUTES_MS } from './times.ts';

/** Providers that sign with a private key of their own. */
export const PUBLIC_KEY_PRESETS = {
  discord: {
    label: 'Discord',
    knownBy: 'vendor',
    note: "The application's public key, in hex. Discord probes with bad signatures and wants 401 for them. The tolerance of five minutes is our suggestion.",
    auth: [
      {
        kind: 'pubkey',
        from: 'header:x-signature-ed25519',
        message: '{timestamp}{body}',
        algorithm: 'ed25519',
        key: { encoding: 'raw-hex' },
        timestamp: { from: 'header:x-signature-timestamp', unit: 's', toleranceMs: FIVE_MINUTES_MS },
      },
    ],
    id: ['body:id'],
    type: ['body:event.type', 'body:type'],
    reply: { ok: 204, emptyBody: true },
    sample: {
      body: ({ now, id }) => ({
        version: 1,
        application_id: id,
        type: 1,
        event: { type: 'APPLICATION_AUTHORIZED', timestamp: now.toISOString(), data: {} },
      }),
    },
  },
  sendgrid: {
    label: 'SendGrid',
    knownBy: 'vendor',
    note: 'The verification key of the signed event webhook. A request holds several events: its key and type are the first one’s. The tolerance of five minutes is our suggestion.',
    auth: [
      {
        kind: 'pubkey',
        from: 'header:x-twilio-email-event-webhook-signature',
        message: '{timestamp}{body}',
        algorithm: 'ecdsa-p256',
        encoding: 'base64',
        key: { encoding: 'spki-b64' },
        timestamp: { from: 'header:x-twilio-email-event-webhook-timestamp', unit: 's', toleranceMs: FIVE_MINUTES_MS },
      },
    ],
    // A batch is named by its bytes: its first event may be the first of another one too.
    id: [{ template: '{body:0.sg_event_id}', unless: 'body:1' }, 'hash'],
    type: ['body:0.event'],
    sample: {
      body: ({ now, id }) => [
        { email: 'someone@example.com', timestamp: Math.floor(now.getTime() / 1000), event: 'delivered', sg_event_id: id },
      ],
    },
  },
  fal: {
    label: 'fal',
    knownBy: 'catalogue',
    note: 'No secret: fal publishes its public keys, which are fetched from rest.fal.ai and kept.',
    auth: [
      {
        kind: 'pubkey',
        from: 'header:x-fal-webhook-signature',
        message: '{header:x-fal-webhook-request-id}\n{header:x-fal-webhook-user-id}\n{timestamp}\n{sha256hex}',
        algorithm: 'ed25519',
        key: { encoding: 'jwks', url: 'https://rest.fal.ai/.well-known/jwks.json', hosts: ['rest.fal.ai'] },
        timestamp: { from: 'header:x-fal-webhook-timestamp', unit: 's', toleranceMs: FIVE_MINUTES_MS },
      },
    ],
    id: ['body:request_id'],
    type: ['body:status'],
    sample: {
      headers: ({ id }) => ({ 'x-fal-webhook-request-id': id, 'x-fal-webhook-user-id': 'test' }),
      body: ({ id }) => ({ request_id: id, gateway_request_id: id, status: 'OK', payload: {} }),
      payloadAt: 'payload',
    },
  },
  paypal: {
    label: 'PayPal',
    knownBy: 'catalogue',
    note: "No secret: `webhookId` is the webhook's id, and the certificate that a request names is fetched from PayPal and kept. The tolerance of five minutes is our suggestion; set a longer one if PayPal's retries are refused for their time.",
    auth: [
      {
        kind: 'pubkey',
        from: 'header:paypal-transmission-sig',
        message: '{header:paypal-transmission-id}|{timestamp}|{param:webhookId}|{crc32}',
        algorithm: 'rsa-sha256',
        encoding: 'base64',
        key: {
          encoding: 'cert',
          from: 'header:paypal-cert-url',
          hosts: ['api.paypal.com', 'api.sandbox.paypal.com'],
          path: '^/v1/notifications/certs/[A-Za-z0-9-]{1,100}$',
        },
        timestamp: { from: 'header:paypal-transmission-time', unit: 'iso', toleranceMs: FIVE_MINUTES_MS },
      },
    ],
    params: {
      webhookId: {
        description: "The webhook's id, from PayPal's developer dashboard.",
        required: true,
        example: '${PAYPAL_WEBHOOK_ID}',
      },
    },
    id: ['body:id'],
    type: ['body:event_type'],
    sample: {
      headers: ({ id }) => ({ 'paypal-transmission-id': id, 'paypal-auth-algo': 'SHA256withRSA' }),
      body: ({ now, id }) => ({
        id: `WH-${id}`,
        event_type: 'PAYMENT.CAPTURE.COMPLETED',
        create_time: now.toISOString(),
        resource: { id: 'test', status: 'COMPLETED' },
      }),
      payloadAt: 'resource',
    },
  },
  sns: {
    label: 'Amazon SNS',
    knownBy: 'vendor',
    note: 'No secret: messages are signed with a certificate of Amazon, which is fetched and kept. Anybody with an account there can have a message signed, so name your topics in `topicArn`. Raw message delivery has no signature and cannot be verified.',
    auth: [{ kind: 'sns', host: SNS_HOSTS.source }],
    params: {
      topicArn: {
        description: 'The topics that are taken: one ARN or a list. Without it, any topic of anybody.',
        required: false,
        example: 'arn:aws:sns:eu-central-1:123456789012:my-topic',
      },
    },
    id: ['body:MessageId'],
    type: ['body:Type'],
    sample: {
      contentType: 'text/plain; charset=UTF-8',
      headers: () => ({ 'x-amz-sns-message-type': 'Notification' }),
      body: ({ now, id }) => ({
        Type: 'Notification',
        MessageId: id,
        TopicArn: 'arn:aws:sns:eu-central-1:000000000000:test',
        Message: 'Test',
        Timestamp: now.toISOString(),
        SignatureVersion: '2',
      }),
    },
  },
} as const satisfies Record<string, ProviderPreset>;
