import type { ProviderPreset } from '../scheme.ts';

/** Providers of messages, documents and people that sign the body and nothing else; as in signed-body.ts. */
export const SIGNED_MESSAGE_PRESETS = {
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
