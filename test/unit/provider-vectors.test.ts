import { describe, expect, test } from 'vitest';
import type { ProviderName } from '../../src/providers/presets.ts';
import type { SenderSettings } from '../../src/providers/sender.ts';
import { senderOf } from '../../src/providers/sender.ts';
import { judge, type ProviderRequest } from '../support/providers.ts';

type Vector = [name: string, provider: ProviderName, settings: SenderSettings, request: ProviderRequest];

const standard = (prefix: string, id: string, seconds: number, signature: string) => ({
  headers: { [`${prefix}-id`]: id, [`${prefix}-timestamp`]: String(seconds), [`${prefix}-signature`]: signature },
  at: seconds * 1000,
});

const adyen = JSON.stringify({
  notificationItems: [
    {
      NotificationRequestItem: {
        additionalData: { hmacSignature: 'coqCmt/IZ4E3CzPvMY8zTjQVL5hYJUiBRg8UU+iCWo0=' },
        amount: { value: 1130, currency: 'EUR' },
        pspReference: '7914073381342284',
        eventCode: 'AUTHORISATION',
        merchantAccountCode: 'TestMerchant',
        merchantReference: 'TestPayment-1407325143704',
        success: 'true',
      },
    },
  ],
});

/** Published by the vendors, or made with their code. */
const VECTORS: Vector[] = [
  [
    'GitHub',
    'github',
    { secret: "It's a Secret to Everybody" },
    {
      headers: { 'x-hub-signature-256': 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17' },
      body: 'Hello, World!',
    },
  ],
  [
    'Bitbucket',
    'bitbucket',
    { secret: "It's a Secret to Everybody" },
    {
      headers: { 'x-hub-signature': 'sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9' },
      body: 'Hello World!',
    },
  ],
  [
    'Standard Webhooks',
    'std',
    { secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw' },
    {
      ...standard('webhook', 'msg_p5jXN8AQM9LWM0D4loKWxJek', 1614265330, 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='),
      body: '{"test": 2432232314}',
    },
  ],
  [
    'Standard Webhooks, asymmetric',
    'std-a',
    { publicKey: 'whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=' },
    {
      ...standard(
        'webhook',
        'msg_p5jXN8AQM9LWM0D4loKWxJek',
        1614265330,
        'v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==',
      ),
      body: '{"test": 2432232314}',
    },
  ],
  [
    'Svix',
    'svix',
    { secret: 'whsec_plJ3nmyCDGBKInavdOK15jsl' },
    {
      ...standard('svix', 'msg_loFOjxBNrRLzqYUf', 1731705121, 'v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0='),
      body: '{"event_type":"ping","data":{"success":true}}',
    },
  ],
  [
    'OpenAI',
    'openai',
    { secret: 'whsec_RdvaYFYUXuIFuEbvZHwMfYFhUf7aMYjYcmM24+Aj40c=' },
    {
      ...standard(
        'webhook',
        'wh_685c059ae39c8190af8c71ed1022a24d',
        1750861210,
        'v1,gUAg4R2hWouRZqRQG4uJypNS8YK885G838+EHb4nKBY=',
      ),
      body: '{"id": "evt_685c059ae3a481909bdc86819b066fb6", "object": "event", "created_at": 1750861210, "type": "response.completed", "data": {"id": "resp_123"}}',
    },
  ],
  [
    'Twilio',
    'twilio',
    { secret: '12345', publicUrl: 'https://mycompany.com' },
    {
      headers: {
        'x-twilio-signature': 'RSOYDt4T1cUTdK1PDd93/VVr8B8=',
        'content-type': 'application/x-www-form-urlencoded; charset=UTF-8',
      },
      path: '/myapp.php',
      query: 'foo=1&bar=2',
      body: 'CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234&From=%2B14158675309&To=%2B18005551212',
    },
  ],
  [
    'Square',
    'square',
    { secret: 'asdf1234', publicUrl: 'https://example.com' },
    {
      headers: { 'x-square-hmacsha256-signature': '2kRE5qRU2tR+tBGlDwMEw2avJ7QM4ikPYD/PJ3bd9Og=' },
      path: '/webhook',
      body: '{"hello":"world"}',
    },
  ],
  [
    'Adyen',
    'adyen',
    { secret: '44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056' },
    { headers: {}, body: adyen },
  ],
  [
    'SendGrid',
    'sendgrid',
    {
      publicKey:
        'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEEDr2LjtURuePQzplybdC+u4CwrqDqBaWjcMMsTbhdbcwHBcepxo7yAQGhHPTnlvFYPAZFceEu/1FwCM/QmGUhA==',
    },
    {
      headers: {
        'x-twilio-email-event-webhook-signature':
          'MEUCIQCtIHJeH93Y+qpYeWrySphQgpNGNr/U+UyUlBkU6n7RAwIgJTz2C+8a8xonZGi6BpSzoQsbVRamr2nlxFDWYNH2j/0=',
        'x-twilio-email-event-webhook-timestamp': '1588788367',
      },
      body: '{"category":"example_payload","event":"test_event","message_id":"message_id"}',
      at: 1588788367_000,
    },
  ],
];

describe.each(VECTORS)('the vector of %s', (_name, provider, settings, request) => {
  const sender = senderOf(provider, settings);

  test('is taken', () => expect(judge(sender, request)).toBe('verified'));

  test('is refused with one byte changed', () => {
    const at = request.body.indexOf('e');
    const body = `${request.body.slice(0, at)}f${request.body.slice(at + 1)}`;
    // Adyen's first e is in a name, and without its name the signature is not found at all.
    expect(judge(sender, { ...request, body })).not.toBe('verified');
  });
});
