import type { ProviderPreset } from '../scheme.ts';
import { FIVE_MINUTES_MS } from './times.ts';

/** Providers that sign a time with the body. */
export const SIGNED_TIME_PRESETS = {
  stripe: {
    label: 'Stripe',
    knownBy: 'vendor',
    note: 'The signing secret of the endpoint (whsec_…), taken as it stands. While it is being rolled, Stripe signs with both.',
    auth: [
      {
        kind: 'hmac',
        secret: 'secret',
        from: 'header:stripe-signature',
        parse: { item: ',', kv: '=', key: 'v1' },
        message: '{timestamp}.{body}',
        timestamp: { from: 'sig:t', unit: 's', toleranceMs: FIVE_MINUTES_MS },
      },
    ],
    id: ['body:id'],
    type: ['body:type'],
    sample: {
      body: ({ now, id }) => ({
        id: `evt_${id.replaceAll('-', '')}`,
        object: 'event',
        created: Math.floor(now.getTime() / 1000),
        livemode: false,
        type: 'payment_intent.succeeded',
        data: { object: { id: 'pi_test', object: 'payment_intent', amount: 1000, currency: 'eur' } },
      }),
      payloadAt: 'data.object',
    },
  },
  slack: {
    label: 'Slack',
    knownBy: 'vendor',
    note: "The app's signing secret. Slash commands and interactions are forms: they have no id and no type.",
    auth: [
      {
        kind: 'hmac',
        secret: 'secret',
        from: 'header:x-slack-signature',
        parse: { kv: '=', key: 'v0' },
        message: 'v0:{timestamp}:{body}',
        timestamp: { from: 'header:x-slack-request-timestamp', unit: 's', toleranceMs: FIVE_MINUTES_MS },
      },
    ],
    id: ['body:event_id'],
    type: ['body:event.type', 'body:type'],
    sample: {
      body: ({ now, id }) => ({
        type: 'event_callback',
        team_id: 'T0',
        event_id: `Ev${id}`,
        event_time: Math.floor(now.getTime() / 1000),
        event: { type: 'app_mention', user: 'U0', text: 'Test' },
      }),
      payloadAt: 'event',
    },
  },
  zoom: {
    label: 'Zoom',
    knownBy: 'catalogue',
    note: "The app's secret token. Events carry no id. The tolerance of five minutes is our suggestion.",
    auth: [
      {
        kind: 'hmac',
        secret: 'secret',
        from: 'header:x-zm-signature',
        parse: { kv: '=', key: 'v0' },
        message: 'v0:{timestamp}:{body}',
        timestamp: { from: 'header:x-zm-request-timestamp', unit: 's', toleranceMs: FIVE_MINUTES_MS },
      },
    ],
    id: [],
    type: ['body:event'],
    sample: {
      body: ({ now, id }) => ({
        event: 'meeting.started',
        event_ts: now.getTime(),
        payload: { account_id: 'test', object: { uuid: id, topic: 'Test' } },
      }),
      payloadAt: 'payload',
    },
  },
  paddle: {
    label: 'Paddle Billing',
    knownBy: 'vendor',
    note: "The secret key of the notification destination. Paddle's own libraries allow 5 s, which delays in a network exceed: five minutes are our choice.",
    auth: [
      {
        kind: 'hmac',
        secret: 'secret',
        from: 'header:paddle-signature',
        parse: { item: ';', kv: '=', key: 'h1' },
        message: '{timestamp}:{body}',
        timestamp: { from: 'sig:ts', unit: 's', toleranceMs: FIVE_MINUTES_MS },
      },
    ],
    id: ['body:event_id'],
    type: ['body:event_type'],
    sample: {
      body: ({ now, id }) => ({
        event_id: `evt_${id}`,
        event_type: 'transaction.completed',
        occurred_at: now.toISOString(),
        data: { id: `txn_${id}`, status: 'completed' },
      }),
      payloadAt: 'data',
    },
  },
  zendesk: {
    label: 'Zendesk',
    knownBy: 'documented',
    note: 'The signing secret of the webhook. The tolerance of five minutes is our suggestion.',
    auth: [
      {
        kind: 'hmac',
        secret: 'secret',
        from: 'header:x-zendesk-webhook-signature',
        message: '{timestamp}{body}',
        encoding: 'base64',
        timestamp: { from: 'header:x-zendesk-webhook-signature-timestamp', unit: 'iso', toleranceMs: FIVE_MINUTES_MS },
      },
    ],
    id: ['header:x-zendesk-webhook-invocation-id'],
    type: ['body:type'],
    sample: {
      headers: ({ id }) => ({ 'x-zendesk-webhook-invocation-id': id }),
      body: ({ now, id }) => ({
        id,
        type: 'zen:event-type:ticket.created',
        time: now.toISOString(),
        detail: { id: '1' },
        event: {},
      }),
    },
  },
  twitch: {
    label: 'Twitch EventSub',
    knownBy: 'catalogue',
    note: 'The secret that you gave when you made the subscription. Messages older than ten minutes are refused.',
    auth: [
      {
        kind: 'hmac',
        secret: 'secret',
        from: 'header:twitch-eventsub-message-signature',
        parse: { kv: '=', key: 'sha256' },
        message: '{header:twitch-eventsub-message-id}{timestamp}{body}',
        timestamp: { from: 'header:twitch-eventsub-message-timestamp', unit: 'iso', toleranceMs: 600_000 },
      },
    ],
    id: ['header:twitch-eventsub-message-id'],
    type: ['header:twitch-eventsub-subscription-type'],
    sample: {
      headers: ({ id }) => ({
        'twitch-eventsub-message-id': id,
        'twitch-eventsub-message-type': 'notification',
        'twitch-eventsub-subscription-type': 'stream.online',
        'twitch-eventsub-subscription-version': '1',
      }),
      body: ({ now, id }) => ({
        subscription: { id, type: 'stream.online', version: '1', status: 'enabled' },
        event: { id: '1', broadcaster_user_login: 'test', type: 'live', started_at: now.toISOString() },
      }),
      payloadAt: 'event',
    },
  },
  calendly: {
    label: 'Calendly',
    knownBy: 'catalogue',
    note: 'The signing key that you gave when you made the subscription. Events carry no id.',
    auth: [
      {
        kind: 'hmac',
        secret: 'secret',
        from: 'header:calendly-webhook-signature',
        parse: { item: ',', kv: '=', key: 'v1' },
        message: '{timestamp}.{body}',
        timestamp: { from: 'sig:t', unit: 's', toleranceMs: 180_000 },
      },
    ],
    id: [],
    type: ['body:event'],
    sample: {
      body: ({ now, id }) => ({
        event: 'invitee.created',
        created_at: now.toISOString(),
        payload: { uri: `https://api.calendly.com/scheduled_events/test/invitees/${id}`, name: 'Test' },
      }),
      payloadAt: 'payload',
    },
  },
  workos: {
    label: 'WorkOS',
    knownBy: 'vendor',
    note: 'The secret of the endpoint. Its time is in milliseconds, and three minutes are allowed.',
    auth: [
      {
        kind: 'hmac',
        secret: 'secret',
        from: 'header:workos-signature',
        parse: { item: ',', kv: '=', key: 'v1' },
        message: '{timestamp}.{body}',
        timestamp: { from: 'sig:t', unit: 'ms', toleranceMs: 180_000 },
      },
    ],
    id: ['body:id'],
    type: ['body:event'],
    sample: {
      body: ({ now, id }) => ({
        id: `event_${id}`,
        event: 'user.created',
        created_at: now.toISOString(),
        data: { object: 'user', id },
      }),
      payloadAt: 'data',
    },
  },
  mailgun: {
    label: 'Mailgun',
    knownBy: 'documented',
    note: 'The HTTP webhook signing key. The signature covers a time and a token in the body but not the rest of it, so it proves no more than a shared token does. The tolerance of an hour is our suggestion.',
    auth: [
      {
        kind: 'hmac',
        secret: 'secret',
        from: 'body:signature.signature',
        message: '{timestamp}{body:signature.token}',
        timestamp: { from: 'body:signature.timestamp', unit: 's', toleranceMs: 3_600_000 },
      },
    ],
    id: ['body:event-data.id'],
    type: ['body:event-data.event'],
    sample: {
      body: ({ now, id }) => ({
        signature: { timestamp: '', token: id.replaceAll('-', ''), signature: '' },
        'event-data': { id, event: 'delivered', timestamp: now.getTime() / 1000, recipient: 'someone@example.com' },
      }),
      payloadAt: 'event-data',
    },
  },
} as const satisfies Record<string, ProviderPreset>;
