import { createHmac } from 'node:crypto';
import type { RouteConfig } from '../../src/config/types.ts';
import type { ProviderName } from '../../src/providers/presets.ts';
import { type SenderSettings, senderOf } from '../../src/providers/sender.ts';
import { routeConfig } from './ingest.ts';

export const PATH = '/webhooks/provider';

/** A route of a provider, named after it. */
export function providerRoute(
  provider: ProviderName,
  settings: SenderSettings = {},
  changes: Partial<RouteConfig> = {},
): RouteConfig {
  return routeConfig({ name: provider, path: PATH, verify: senderOf(provider, settings), ...changes });
}

const hmac = (algorithm: string, secret: string, text: string) => createHmac(algorithm, secret).update(text);
const now = (): string => String(Math.floor(Date.now() / 1000));

/** How Slack and Zoom sign. */
export function versioned(prefix: 'x-slack' | 'x-zm', secret: string, body: string): Record<string, string> {
  const timestamp = now();
  const signature = `v0=${hmac('sha256', secret, `v0:${timestamp}:${body}`).digest('hex')}`;
  return { [`${prefix}-signature`]: signature, [`${prefix}-request-timestamp`]: timestamp };
}

/** How Twitch signs; the same headers for every kind of message. */
export function twitch(secret: string, type: string, body: string): Record<string, string> {
  const [id, timestamp] = ['e76c6bd4-55c9-4987-8304-da1588d8988b', new Date().toISOString()];
  return {
    'twitch-eventsub-message-id': id,
    'twitch-eventsub-message-timestamp': timestamp,
    'twitch-eventsub-message-type': type,
    'twitch-eventsub-message-signature': `sha256=${hmac('sha256', secret, id + timestamp + body).digest('hex')}`,
  };
}

/** A plain HMAC of the body under a header. */
export function signed(
  header: string,
  secret: string,
  body: string,
  {
    algorithm = 'sha256',
    encoding = 'hex',
    prefix = '',
  }: { algorithm?: string; encoding?: 'hex' | 'base64'; prefix?: string } = {},
): Record<string, string> {
  return { [header]: prefix + hmac(algorithm, secret, body).digest(encoding) };
}
