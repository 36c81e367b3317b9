import type { ProviderPreset } from '../scheme.ts';
import { FIVE_MINUTES_MS } from './times.ts';

/**
 * Token, dedup header and bodies are documented. Of the HMAC of `callbackUrl` posts the vendor's prose says
 * `raw_body + timestamp`, its sample signs `${timestamp}.${rawBody}`, and neither a header nor a format is named for the
 * timestamp: so routes can change template and source, and every usual format is taken. A `callbackUrl` body
 * `{jobId, status, result}` names no event, so its type is null.
 */
export const KNOWLEDGESDK_PRESETS = {
  knowledgesdk: {
    label: 'KnowledgeSDK',
    knownBy: 'documented',
    note: 'Registered webhooks carry the `token` that you gave them; posts to a callbackUrl are signed with the `hmac` secret. With both configured, `require` says whether one is enough.',
    auth: [
      { kind: 'token', secret: 'token', from: 'header:x-knowledgesdk-webhook-token' },
      {
        kind: 'hmac',
        secret: 'hmac',
        from: 'header:x-knowledgesdk-signature',
        parse: { kv: '=', key: 'sha256' },
        message: '{timestamp}.{body}',
        timestamp: { from: 'header:x-knowledgesdk-timestamp', unit: 'any', toleranceMs: FIVE_MINUTES_MS },
      },
    ],
    id: ['header:x-knowledgesdk-dedup-key', { template: '{body:jobId}:{body:status}', unless: 'body:event' }],
    type: ['body:event'],
    sample: {
      headers: ({ id }) => ({ 'x-knowledgesdk-dedup-key': `msg_${id}` }),
      body: ({ now }) => ({
        event: 'TESTING_CONNECTION',
        payload: { message: 'Test webhook from KnowledgeSDK' },
        timestamp: now.toISOString(),
        version: 1,
      }),
      payloadAt: 'payload',
    },
  },
} as const satisfies Record<string, ProviderPreset>;
