import { createHmac } from 'node:crypto';
import { eventBody, eventHeaders, TOKEN, TOKEN_HEADER } from '../test/support/knowledgesdk-event.ts';
import type { Proof } from './load-plan.ts';

/** The HMAC secret of the routes that are measured with it. */
export const HMAC_SECRET = 'a-secret-for-benches-only';

const KEY_DIGITS = 12;

/**
 * A complete request as bytes whose dedup key is a number that can be changed in place: building text for
 * every request would cost the generator more than sending it.
 */
export class RequestTemplate {
  readonly bytes: Buffer;
  readonly #keyAt: number;

  /** @param keyPrefix tells one run's keys from another's */
  constructor(url: URL, keyPrefix: string, bodySize: number, proof: Proof) {
    const body = eventBody(bodySize);
    const headers = {
      host: url.host,
      ...withoutToken(eventHeaders(keyPrefix + '0'.repeat(KEY_DIGITS))),
      ...proofHeaders(proof, body),
      'content-length': body.length,
    };
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    const head = Buffer.from(`POST ${url.pathname} HTTP/1.1\r\n${lines.join('')}\r\n`);
    this.bytes = Buffer.concat([head, body]);
    this.#keyAt = head.indexOf(keyPrefix) + keyPrefix.length;
  }

  /** Makes this the request with key number `key`. The bytes must not be in flight any more. */
  setKey(key: number): void {
    let rest = key;
    for (let at = this.#keyAt + KEY_DIGITS - 1; at >= this.#keyAt; at -= 1) {
      this.bytes[at] = 48 + (rest % 10);
      rest = Math.floor(rest / 10);
    }
  }
}

function withoutToken({ [TOKEN_HEADER]: _, ...others }: Record<string, string>): Record<string, string> {
  return others;
}

/** The body stays the same, so one signature serves for as long as the timestamp is fresh. */
function proofHeaders(proof: Proof, body: Buffer): Record<string, string> {
  if (proof === 'token') return { [TOKEN_HEADER]: TOKEN };
  const timestamp = String(Math.floor(Date.now() / 1000));
  const secret = proof === 'hmac' ? HMAC_SECRET : 'another-secret-altogether';
  const signature = createHmac('sha256', secret).update(`${timestamp}.`).update(body).digest('hex');
  return { 'x-knowledgesdk-timestamp': timestamp, 'x-knowledgesdk-signature': `sha256=${signature}` };
}
