import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';

/** Signs one attempt: every secret gives one signature. Timestamp in whole seconds since 1970. */
export type Signer = (eventId: string, timestamp: number, body: Buffer) => string;

const BASE64_PREFIX = 'whsec_';

function key(secret: string): KeyObject {
  const plain = secret.startsWith(BASE64_PREFIX)
    ? Buffer.from(secret.slice(BASE64_PREFIX.length), 'base64')
    : Buffer.from(secret, 'utf8');
  return createSecretKey(plain);
}

/**
 * Makes a signer after Standard Webhooks, symmetric (`v1`): HMAC-SHA256 over `id.timestamp.body`, in base64.
 * A secret with the prefix `whsec_` is base64, any other is taken as it is.
 * @returns what goes into `webhook-signature`: the signatures of all secrets, separated by spaces; null without secrets
 */
export function createSigner(secrets: readonly string[]): Signer | null {
  if (secrets.length === 0) return null;
  const keys = secrets.map(key);
  return (eventId, timestamp, body) => {
    const head = `${eventId}.${timestamp}.`;
    return keys.map((each) => `v1,${createHmac('sha256', each).update(head).update(body).digest('base64')}`).join(' ');
  };
}
