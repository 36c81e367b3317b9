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
  intercom: {
    label: 'Intercom',
    knownBy: 'catalogue',
    note: "The client secret of the app, on its page Basic information. Signatures are HMAC-SHA-1, Intercom's choice.",
    auth: [
      { kind: 'hmac', secret: 'secret', from: 'header:x-hub-signature', parse: { kv: '=', key: 'sha1' }, algorithm: 'sha1' },
    ],
    id: ['body:id'],
    type: ['body:topic'],
    sample: {
      body: ({ now, id }) => ({
        type: 'notification_event',
        id: `notif_${id}`,
        topic: 'contact.created',
        created_at: Math.floor(now.getTime() / 1000),
        data: { type: 'notification_event_data', item: { type: 'contact', id } },
      }),
    },
  },
  meta: {
    label: 'Meta (Facebook, Instagram, Messenger)',
    knownBy: 'catalogue',
    note: 'The app secret. Events carry no id; the type is the object that changed, such as page. Meta signs text with its non-ASCII characters escaped, which are the bytes that arrive.',
    auth: [{ kind: 'hmac', secret: 'secret', from: 'header:x-hub-signature-256', parse: { kv: '=', key: 'sha256' } }],
    id: [],
    type: ['body:object'],
    sample: {
      body: ({ now }) => ({ object: 'page', entry: [{ id: '0', time: Math.floor(now.getTime() / 1000), changes: [] }] }),
    },
  },
  whatsapp: {
    label: 'WhatsApp Business',
    knownBy: 'catalogue',
    note: 'The app secret of the Meta app. Events carry no id of their own; the type is always whatsapp_business_account.',
    auth: [{ kind: 'hmac', secret: 'secret', from: 'header:x-hub-signature-256', parse: { kv: '=', key: 'sha256' } }],
    id: [],
    type: ['body:object'],
    sample: {
      body: () => ({ object: 'whatsapp_business_account', entry: [{ id: '0', changes: [{ field: 'messages', value: {} }] }] }),
    },
  },
  notion: {
    label: 'Notion',
    knownBy: 'vendor',
    note: 'The verification token that Notion posts once, when the subscription is made.',
    auth: [{ kind: 'hmac', secret: 'secret', from: 'header:x-notion-signature', parse: { kv: '=', key: 'sha256' } }],
    id: ['body:id'],
    type: ['body:type'],
    sample: {
      body: ({ now, id }) => ({
        id,
        timestamp: now.toISOString(),
        type: 'page.created',
        attempt_number: 1,
        entity: { id, type: 'page' },
        data: {},
      }),
    },
  },
  x: {
    label: 'X (Twitter)',
    knownBy: 'catalogue',
    note: "The app's consumer secret (API secret key). Events carry no id and name no type.",
    auth: [
      {
        kind: 'hmac',
        secret: 'secret',
        from: 'header:x-twitter-webhooks-signature',
        parse: { kv: '=', key: 'sha256' },
        encoding: 'base64',
      },
    ],
    id: [],
    type: [],
    sample: { body: ({ now }) => ({ for_user_id: '1', tweet_create_events: [{ id_str: '1', created_at: now.toUTCString() }] }) },
  },
  docusign: {
    label: 'DocuSign Connect',
    knownBy: 'documented',
    note: 'An HMAC key of Connect. DocuSign signs with every active key, each in a header of its own. Events carry no id: the hash of the body stands in for it.',
    auth: [{ kind: 'hmac', secret: 'secret', from: 'header:x-docusign-signature-*', encoding: 'base64' }],
    id: ['hash'],
    type: ['body:event'],
    sample: {
      body: ({ now, id }) => ({
        event: 'envelope-completed',
        apiVersion: 'v2.1',
        generatedDateTime: now.toISOString(),
        data: { accountId: '0', envelopeId: id },
      }),
    },
  },
  xero: {
    label: 'Xero',
    knownBy: 'documented',
    note: "The webhooks key of the app. Xero takes only answers with an empty body, within 5 s. The hash of the body stands in for an id, and the type is the first event's.",
    auth: [{ kind: 'hmac', secret: 'secret', from: 'header:x-xero-signature', encoding: 'base64' }],
    id: ['hash'],
    type: ['body:events.0.eventType'],
    reply: { emptyBody: true },
    sample: {
      body: ({ now, id }) => ({
        events: [{ resourceId: id, eventType: 'UPDATE', eventCategory: 'CONTACT', eventDateUtc: now.toISOString() }],
        firstEventSequence: 1,
        lastEventSequence: 1,
        entropy: id,
      }),
    },
  },
  hookdeck: {
    label: 'Hookdeck',
    knownBy: 'catalogue',
    note: 'The signing secret of the project. While it is being rotated, the second signature comes in a header of its own.',
    auth: [
      {
        kind: 'hmac',
        secret: 'secret',
        from: 'header:x-hookdeck-signature',
        also: ['header:x-hookdeck-signature-2'],
        encoding: 'base64',
      },
    ],
    id: ['header:x-hookdeck-eventid'],
    type: [],
    sample: {
      headers: ({ id }) => ({ 'x-hookdeck-eventid': `evt_${id}` }),
      body: () => ({ message: 'Test' }),
    },
  },
  pagerduty: {
    label: 'PagerDuty',
    knownBy: 'vendor',
    note: 'The secret is shown once, when the v3 webhook subscription is made. The signature is vendor-verified, the places of id and type are from experience.',
    auth: [{ kind: 'hmac', secret: 'secret', from: 'header:x-pagerduty-signature', parse: { item: ',', kv: '=', key: 'v1' } }],
    id: ['body:event.id'],
    type: ['body:event.event_type'],
    sample: {
      body: ({ now, id }) => ({
        event: {
          id,
          event_type: 'pagey.ping',
          resource_type: 'pagey',
          occurred_at: now.toISOString(),
          data: { message: 'Test' },
        },
      }),
    },
  },
  asana: {
    label: 'Asana',
    knownBy: 'catalogue',
    note: 'The secret comes with the handshake that Asana makes when the webhook is created. One request holds several events, so it has no id and no type.',
    auth: [{ kind: 'hmac', secret: 'secret', from: 'header:x-hook-signature' }],
    id: [],
    type: [],
    sample: {
      body: ({ now }) => ({
        events: [{ action: 'changed', created_at: now.toISOString(), resource: { gid: '1', resource_type: 'task' } }],
      }),
    },
  },
  websub: {
    label: 'WebSub',
    knownBy: 'catalogue',
    note: 'For every hub that follows the W3C recommendation, with the secret of the subscription (hub.secret). Deliveries carry no id and name no type.',
    auth: [
      {
        kind: 'hmac',
        secret: 'secret',
        from: 'header:x-hub-signature',
        parse: { kv: '=', key: ['sha1', 'sha256', 'sha384', 'sha512'] },
        algorithm: 'named',
      },
    ],
    id: [],
    type: [],
    sample: { body: ({ now }) => ({ version: 'https://jsonfeed.org/version/1.1', title: 'Test', items: [], date: now }) },
  },
} as const satisfies Record<string, ProviderPreset>;
