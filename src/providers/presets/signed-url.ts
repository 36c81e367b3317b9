import type { ProviderPreset } from '../scheme.ts';
import { FIVE_MINUTES_MS } from './times.ts';

const ITEM = 'body:notificationItems.*.NotificationRequestItem';
/** Adyen joins these by colons; only a first payment has no original reference. */
const ADYEN_FIELDS = [
  'pspReference',
  'originalReference?',
  'merchantAccountCode',
  'merchantReference?',
  'amount.value',
  'amount.currency',
  'eventCode',
  'success',
];
const ADYEN_MESSAGE = ADYEN_FIELDS.map((field) => `{${ITEM}.${field}}`).join(':');

/** Providers that sign the address they post to, or chosen fields. The address is `publicUrl` with the request's path and query. */
export const SIGNED_URL_PRESETS = {
  twilio: {
    label: 'Twilio',
    knownBy: 'vendor',
    note: "The account's auth token. Twilio signs the URL that you gave it, so `publicUrl` is needed and has to be the same, letter by letter. JSON bodies are covered by the bodySHA256 of the query.",
    auth: [
      {
        kind: 'hmac',
        secret: 'secret',
        from: 'header:x-twilio-signature',
        message: '{url}{form}',
        algorithm: 'sha1',
        encoding: 'base64',
        url: 'with-and-without-port',
      },
    ],
    // A message or a call has one Sid but many webhooks, so the Sid alone would drop what differs.
    id: [
      'header:i-twilio-idempotency-token',
      { template: '{form:MessageSid}:{form:MessageStatus}' },
      { template: '{form:MessageSid}:{form:SmsStatus}' },
      { template: '{form:CallSid}:{form:CallStatus}:{form:SequenceNumber}' },
    ],
    type: ['form:MessageStatus', 'form:SmsStatus', 'form:CallStatus'],
    sample: {
      contentType: 'application/x-www-form-urlencoded',
      headers: ({ id }) => ({ 'i-twilio-idempotency-token': id }),
      body: ({ id }) => ({
        MessageSid: `SM${id.replaceAll('-', '')}`,
        AccountSid: 'AC00000000000000000000000000000000',
        From: '+15005550006',
        To: '+15005550001',
        Body: 'Test',
        SmsStatus: 'received',
      }),
    },
  },
  square: {
    label: 'Square',
    knownBy: 'vendor',
    note: 'The signature key of the webhook subscription. Square signs its notification URL, so `publicUrl` is needed and has to be the same, letter by letter.',
    auth: [
      {
        kind: 'hmac',
        secret: 'secret',
        from: 'header:x-square-hmacsha256-signature',
        message: '{url}{body}',
        encoding: 'base64',
      },
    ],
    id: ['body:event_id'],
    type: ['body:type'],
    sample: {
      body: ({ now, id }) => ({
        merchant_id: 'test',
        type: 'payment.created',
        event_id: id,
        created_at: now.toISOString(),
        data: { type: 'payment', id: 'test', object: {} },
      }),
      payloadAt: 'data',
    },
  },
  hubspot: {
    label: 'HubSpot',
    knownBy: 'vendor',
    note: "The app's client secret; signatures of version 3. HubSpot signs the target URL with some of its escapes decoded, so `publicUrl` is needed. A request holds several events: its key and type are the first one's.",
    auth: [
      {
        kind: 'hmac',
        secret: 'secret',
        from: 'header:x-hubspot-signature-v3',
        message: '{method}{url}{body}{timestamp}',
        encoding: 'base64',
        timestamp: { from: 'header:x-hubspot-request-timestamp', unit: 'ms', toleranceMs: FIVE_MINUTES_MS },
        url: 'some-escapes-decoded',
      },
    ],
    // HubSpot does not promise that an eventId is unique, so it is not taken alone; a batch is named by its bytes.
    id: [{ template: '{body:0.subscriptionId}:{body:0.eventId}:{body:0.occurredAt}', unless: 'body:1' }, 'hash'],
    type: ['body:0.subscriptionType'],
    sample: {
      body: ({ now }) => [
        {
          eventId: now.getTime() % 4_294_967_296,
          subscriptionId: 1,
          portalId: 1,
          occurredAt: now.getTime(),
          subscriptionType: 'contact.creation',
          attemptNumber: 0,
          objectId: 1,
        },
      ],
    },
  },
  adyen: {
    label: 'Adyen payments',
    knownBy: 'vendor',
    note: 'The HMAC key of the webhook, in hex. The signature covers eight fields of the item and not the rest of it; turn on basic authentication at your proxy as well if more has to be proven.',
    auth: [
      {
        kind: 'hmac',
        secret: 'secret',
        each: 'body:notificationItems',
        from: `${ITEM}.additionalData.hmacSignature`,
        message: ADYEN_MESSAGE,
        encoding: 'base64',
        key: { encoding: 'hex' },
      },
    ],
    id: [
      {
        template:
          '{body:notificationItems.0.NotificationRequestItem.pspReference}:{body:notificationItems.0.NotificationRequestItem.eventCode}:{body:notificationItems.0.NotificationRequestItem.success}',
        unless: 'body:notificationItems.1',
      },
      'hash',
    ],
    type: ['body:notificationItems.0.NotificationRequestItem.eventCode'],
    sample: {
      body: ({ now, id }) => ({
        live: 'false',
        notificationItems: [
          {
            NotificationRequestItem: {
              additionalData: { hmacSignature: '' },
              amount: { currency: 'EUR', value: 1130 },
              eventCode: 'AUTHORISATION',
              eventDate: now.toISOString(),
              merchantAccountCode: 'TestMerchant',
              merchantReference: 'TestPayment',
              pspReference: id,
              success: 'true',
            },
          },
        ],
      }),
    },
  },
} as const satisfies Record<string, ProviderPreset>;
