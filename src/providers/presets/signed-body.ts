import type { ProviderPreset } from '../scheme.ts';

/** Providers that sign the body and nothing else: a captured request can be sent again, which the dedup key is there for. */
export const SIGNED_BODY_PRESETS = {
  github: {
    label: 'GitHub',
    knownBy: 'vendor',
    note: 'The secret of the webhook in the settings of the repository or organisation. A redelivery by hand has the same delivery id and counts as a duplicate.',
    auth: [{ kind: 'hmac', secret: 'secret', from: 'header:x-hub-signature-256', parse: { kv: '=', key: 'sha256' } }],
    id: ['header:x-github-delivery'],
    type: ['header:x-github-event'],
    sample: {
      headers: ({ id }) => ({ 'x-github-delivery': id, 'x-github-event': 'ping' }),
      body: () => ({ zen: 'Keep it logically awesome.', hook_id: 1, hook: { type: 'Repository', active: true } }),
    },
  },
  bitbucket: {
    label: 'Bitbucket',
    knownBy: 'vendor',
    note: 'The secret of the webhook in the settings of the repository or workspace.',
    auth: [{ kind: 'hmac', secret: 'secret', from: 'header:x-hub-signature', parse: { kv: '=', key: 'sha256' } }],
    id: ['header:x-request-uuid'],
    type: ['header:x-event-key'],
    sample: {
      headers: ({ id }) => ({ 'x-request-uuid': id, 'x-event-key': 'repo:push' }),
      body: () => ({ actor: { display_name: 'Test' }, repository: { full_name: 'team/test' }, push: { changes: [] } }),
    },
  },
  shopify: {
    label: 'Shopify',
    knownBy: 'vendor',
    note: "The app's client secret, or for webhooks made in the admin pages the key shown beside them.",
    auth: [{ kind: 'hmac', secret: 'secret', from: 'header:x-shopify-hmac-sha256', encoding: 'base64' }],
    id: ['header:x-shopify-webhook-id'],
    type: ['header:x-shopify-topic'],
    sample: {
      headers: ({ id }) => ({
        'x-shopify-webhook-id': id,
        'x-shopify-topic': 'orders/create',
        'x-shopify-shop-domain': 'test.myshopify.com',
      }),
      body: () => ({ id: 1, email: 'someone@example.com', total_price: '10.00', currency: 'EUR' }),
    },
  },
  dropbox: {
    label: 'Dropbox',
    knownBy: 'catalogue',
    note: "The app's secret. A notification says whose files changed, not what: it has no id and no type.",
    auth: [{ kind: 'hmac', secret: 'secret', from: 'header:x-dropbox-signature' }],
    id: [],
    type: [],
    sample: { body: () => ({ list_folder: { accounts: ['dbid:test'] }, delta: { users: [1] } }) },
  },
  linear: {
    label: 'Linear',
    knownBy: 'vendor',
    note: 'The signing secret of the webhook. Its time stands in the body (webhookTimestamp), and Linear asks for one minute of tolerance.',
    auth: [
      {
        kind: 'hmac',
        secret: 'secret',
        from: 'header:linear-signature',
        timestamp: { from: 'body:webhookTimestamp', unit: 'ms', toleranceMs: 60_000 },
      },
    ],
    id: ['header:linear-delivery'],
    type: ['body:type'],
    sample: {
      headers: ({ id }) => ({ 'linear-delivery': id, 'linear-event': 'Issue' }),
      body: ({ now, id }) => ({
        action: 'create',
        type: 'Issue',
        createdAt: now.toISOString(),
        data: { id, title: 'Test' },
        webhookTimestamp: now.getTime(),
      }),
    },
  },
  sentry: {
    label: 'Sentry',
    knownBy: 'catalogue',
    note: "The client secret of the internal or public integration. The signature does not cover Sentry's timestamp header, so that is not checked.",
    auth: [{ kind: 'hmac', secret: 'secret', from: 'header:sentry-hook-signature' }],
    id: ['header:request-id'],
    type: ['header:sentry-hook-resource'],
    sample: {
      headers: ({ id }) => ({ 'request-id': id.replaceAll('-', ''), 'sentry-hook-resource': 'issue' }),
      body: ({ id }) => ({ action: 'created', data: { issue: { id, title: 'Test' } }, installation: { uuid: id } }),
    },
  },
  vercel: {
    label: 'Vercel',
    knownBy: 'catalogue',
    note: "The secret of the webhook, or an integration's client secret.",
    auth: [{ kind: 'hmac', secret: 'secret', from: 'header:x-vercel-signature', algorithm: 'sha1' }],
    id: ['body:id'],
    type: ['body:type'],
    sample: {
      body: ({ now, id }) => ({
        id,
        type: 'deployment.created',
        createdAt: now.getTime(),
        payload: { project: { id: 'prj_test' } },
      }),
    },
  },
  typeform: {
    label: 'Typeform',
    knownBy: 'catalogue',
    note: 'The secret of the webhook of the form.',
    auth: [
      {
        kind: 'hmac',
        secret: 'secret',
        from: 'header:typeform-signature',
        parse: { kv: '=', key: 'sha256' },
        encoding: 'base64',
      },
    ],
    id: ['body:event_id'],
    type: ['body:event_type'],
    sample: {
      body: ({ now, id }) => ({
        event_id: id,
        event_type: 'form_response',
        form_response: { form_id: 'test', token: id, submitted_at: now.toISOString(), answers: [] },
      }),
    },
  },
  lemonsqueezy: {
    label: 'Lemon Squeezy',
    knownBy: 'catalogue',
    note: 'The signing secret of the webhook. Events carry no id, so duplicates are not recognised unless the route says `dedup: body`.',
    auth: [{ kind: 'hmac', secret: 'secret', from: 'header:x-signature' }],
    id: [],
    type: ['header:x-event-name'],
    sample: {
      headers: () => ({ 'x-event-name': 'order_created' }),
      body: ({ id }) => ({
        meta: { event_name: 'order_created', test_mode: true },
        data: { type: 'orders', id, attributes: {} },
      }),
    },
  },
} as const satisfies Record<string, ProviderPreset>;
