import type { HmacScheme, ProviderPreset, PublicKeyScheme, Sample } from '../scheme.ts';
import { FIVE_MINUTES_MS } from './times.ts';

/** Standard Webhooks (https://www.standardwebhooks.com) under the three header names that are in use. */
function standard(prefix: 'webhook' | 'svix'): HmacScheme {
  return {
    kind: 'hmac',
    secret: 'secret',
    from: `header:${prefix}-signature`,
    parse: { item: ' ', kv: ',', key: 'v1' },
    message: `{header:${prefix}-id}.{timestamp}.{body}`,
    encoding: 'base64',
    key: { encoding: 'base64', strip: 'whsec_' },
    timestamp: { from: `header:${prefix}-timestamp`, unit: 's', toleranceMs: FIVE_MINUTES_MS },
  };
}

const { secret: _, kind: __, key: ___, ...signed } = standard('webhook');
const asymmetric: PublicKeyScheme = {
  ...signed,
  kind: 'pubkey',
  parse: { item: ' ', kv: ',', key: 'v1a' },
  algorithm: 'ed25519',
  key: { encoding: 'raw-base64', strip: 'whpk_' },
};

function sample(prefix: 'webhook' | 'svix', body: Sample['body']): Sample {
  return { body, headers: ({ id }) => ({ [`${prefix}-id`]: `msg_${id}` }) };
}

const test: Sample['body'] = ({ now }) => ({ type: 'test.event', timestamp: now.toISOString(), data: { success: true } });
const SECRET_NOTE = 'The secret begins with whsec_.';

export const STANDARD_WEBHOOKS_PRESETS = {
  std: {
    label: 'Standard Webhooks',
    knownBy: 'vendor',
    note: `For every sender that follows the specification. ${SECRET_NOTE}`,
    auth: [standard('webhook')],
    id: ['header:webhook-id'],
    type: ['body:type'],
    sample: sample('webhook', test),
  },
  'std-a': {
    label: 'Standard Webhooks, asymmetric',
    knownBy: 'vendor',
    note: 'Ed25519 signatures (v1a) of the specification. The public key begins with whpk_.',
    auth: [asymmetric],
    id: ['header:webhook-id'],
    type: ['body:type'],
    sample: sample('webhook', test),
  },
  svix: {
    label: 'Svix',
    knownBy: 'vendor',
    note: `For every sender that uses Svix. ${SECRET_NOTE}`,
    auth: [standard('svix')],
    id: ['header:svix-id'],
    type: ['body:type', 'body:event_type'],
    sample: sample('svix', test),
  },
  clerk: {
    label: 'Clerk',
    knownBy: 'vendor',
    note: `The signing secret of the endpoint in Clerk's dashboard, under Webhooks. ${SECRET_NOTE}`,
    auth: [standard('svix')],
    id: ['header:svix-id'],
    type: ['body:type'],
    sample: sample('svix', ({ id }) => ({ type: 'user.created', object: 'event', data: { id: `user_${id}`, object: 'user' } })),
  },
  resend: {
    label: 'Resend',
    knownBy: 'vendor',
    note: `The signing secret of the webhook in Resend's dashboard. ${SECRET_NOTE}`,
    auth: [standard('svix')],
    id: ['header:svix-id'],
    type: ['body:type'],
    sample: sample('svix', ({ now, id }) => ({
      type: 'email.sent',
      created_at: now.toISOString(),
      data: { email_id: id, to: ['someone@example.com'], subject: 'Test' },
    })),
  },
  openai: {
    label: 'OpenAI',
    knownBy: 'vendor',
    note: `The secret is shown once, when the webhook is made. ${SECRET_NOTE}`,
    auth: [standard('webhook')],
    id: ['header:webhook-id'],
    type: ['body:type'],
    sample: sample('webhook', ({ now, id }) => ({
      id: `evt_${id}`,
      object: 'event',
      created_at: Math.floor(now.getTime() / 1000),
      type: 'response.completed',
      data: { id: `resp_${id}` },
    })),
  },
  replicate: {
    label: 'Replicate',
    knownBy: 'vendor',
    note: `Its events name no type: the prediction's status stands in for it. ${SECRET_NOTE}`,
    auth: [standard('webhook')],
    id: ['header:webhook-id'],
    type: ['body:status'],
    sample: sample('webhook', ({ id }) => ({ id, status: 'succeeded', input: {}, output: 'test', error: null })),
  },
  polar: {
    label: 'Polar',
    knownBy: 'vendor',
    note: "Standard Webhooks, but the key is the secret's own text, not what its base64 stands for.",
    auth: [{ ...standard('webhook'), key: { encoding: 'utf8' } }],
    id: ['header:webhook-id'],
    type: ['body:type'],
    sample: sample('webhook', ({ id }) => ({ type: 'order.created', data: { id } })),
  },
  'gitlab-signed': {
    label: 'GitLab, signed',
    knownBy: 'documented',
    note: `For GitLab webhooks with a signing token (GitLab 19.0 and later, as catalogues say); others are \`gitlab\`. ${SECRET_NOTE}`,
    auth: [standard('webhook')],
    id: ['header:webhook-id'],
    type: ['header:x-gitlab-event'],
    sample: {
      body: () => ({ object_kind: 'push', event_name: 'push', ref: 'refs/heads/main', commits: [] }),
      headers: ({ id }) => ({ 'webhook-id': id, 'idempotency-key': id, 'x-gitlab-event': 'Push Hook' }),
    },
  },
} as const satisfies Record<string, ProviderPreset>;
