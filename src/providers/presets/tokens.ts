import type { ProviderPreset } from '../scheme.ts';

/** Providers that send a shared secret along. It proves who sent the request only as long as nobody else reads it. */
export const TOKEN_PRESETS = {
  gitlab: {
    label: 'GitLab',
    knownBy: 'documented',
    note: 'The secret token of the webhook, which GitLab sends along as it is. For signed webhooks use `gitlab-signed`.',
    auth: [{ kind: 'token', secret: 'token', from: 'header:x-gitlab-token' }],
    id: ['header:idempotency-key'],
    type: ['header:x-gitlab-event'],
    sample: {
      headers: ({ id }) => ({ 'idempotency-key': id, 'x-gitlab-event': 'Push Hook', 'x-gitlab-event-uuid': id }),
      body: () => ({ object_kind: 'push', event_name: 'push', ref: 'refs/heads/main', commits: [] }),
    },
  },
  postmark: {
    label: 'Postmark',
    knownBy: 'catalogue',
    note: 'Postmark signs nothing: put user and password into the webhook URL (`username`, `password` here), or a token into its query (`?token=…`, `token` here).',
    auth: [
      { kind: 'basic', secret: 'password' },
      { kind: 'token', secret: 'token', from: 'query:token' },
    ],
    params: { username: { description: 'The user name of basic authentication.', required: false, example: 'hookbay' } },
    // One message has many events, so its id alone would drop what differs.
    id: [
      { template: '{body:RecordType}:{body:ID}' },
      { template: '{body:RecordType}:{body:MessageID}:{body:ReceivedAt}' },
      { template: '{body:RecordType}:{body:MessageID}:{body:DeliveredAt}' },
      { template: '{body:RecordType}:{body:MessageID}:{body:ChangedAt}' },
      { template: '{body:MessageID}', unless: 'body:RecordType' },
    ],
    type: ['body:RecordType'],
    sample: {
      body: ({ now, id }) => ({
        RecordType: 'Delivery',
        MessageID: id,
        Recipient: 'someone@example.com',
        DeliveredAt: now.toISOString(),
        MessageStream: 'outbound',
      }),
    },
  },
  assemblyai: {
    label: 'AssemblyAI',
    knownBy: 'catalogue',
    note: 'You choose the header and its value with every transcript (webhook_auth_header_name and -value): `header` and `token` here.',
    auth: [{ kind: 'token', secret: 'token', from: 'header:{param:header}' }],
    params: {
      header: { description: 'The name of the header that carries the token.', required: true, example: 'x-webhook-token' },
    },
    id: [{ template: '{body:transcript_id}:{body:status}' }],
    type: ['body:status'],
    sample: { body: ({ id }) => ({ transcript_id: id, status: 'completed' }) },
  },
  figma: {
    label: 'Figma',
    knownBy: 'documented',
    note: 'The passcode stands in the body, so it is stored and passed on with it. Figma stops a webhook for good when it is answered 400. Events carry no id: the hash of the body stands in for it.',
    auth: [{ kind: 'token', secret: 'token', from: 'body:passcode' }],
    id: ['hash'],
    type: ['body:event_type'],
    reply: { never: 400 },
    sample: {
      body: ({ now, id }) => ({
        event_type: 'FILE_UPDATE',
        file_key: id,
        file_name: 'Test',
        passcode: '',
        timestamp: now.toISOString(),
        webhook_id: '1',
      }),
    },
  },
  msgraph: {
    label: 'Microsoft Graph',
    knownBy: 'documented',
    note: 'The clientState of the subscription, which stands in every notification and is stored and passed on with it. Microsoft wants an answer within 3 s.',
    auth: [{ kind: 'token', secret: 'token', each: 'body:value', from: 'body:value.*.clientState' }],
    id: [],
    type: ['body:value.0.changeType'],
    reply: { ok: 202 },
    sample: {
      body: ({ now, id }) => ({
        value: [
          {
            subscriptionId: id,
            clientState: '',
            changeType: 'created',
            resource: 'users/test/messages/test',
            subscriptionExpirationDateTime: now.toISOString(),
          },
        ],
      }),
    },
  },
  okta: {
    label: 'Okta event hooks',
    knownBy: 'catalogue',
    note: 'The value of the authentication field of the event hook, which Okta sends as the Authorization header, letter by letter.',
    auth: [{ kind: 'token', secret: 'token', from: 'header:authorization' }],
    id: [],
    type: ['body:data.events.0.eventType', 'body:eventType'],
    sample: {
      body: ({ now, id }) => ({
        eventType: 'com.okta.event_hook',
        eventId: id,
        eventTime: now.toISOString(),
        data: { events: [{ uuid: id, eventType: 'user.session.start', published: now.toISOString() }] },
      }),
    },
  },
} as const satisfies Record<string, ProviderPreset>;
