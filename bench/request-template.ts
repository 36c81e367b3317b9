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
  readonly #markers: number;
  readonly #markerAt: number;

  /**
   * @param keyPrefix tells one run's keys from another's
   * @param markers how many values of `payload.marker` there are; the proof must not cover the body then
   */
  constructor(url: URL, keyPrefix: string, bodySize: number, proof: Proof, markers: number) {
    const marker = '0'.repeat(KEY_DIGITS);
    const body = eventBody(bodySize, markers === 0 ? '' : marker);
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
    this.#markers = markers;
    this.#markerAt = head.length + body.indexOf(marker);
  }

  /** Makes this the request with key number `key`. The bytes must not be in flight any more. */
  setKey(key: number): void {
    this.#write(key, this.#keyAt);
    if (this.#markers > 0) this.#write(scattered(key) % this.#markers, this.#markerAt);
  }

  #write(number: number, start: number): void {
    let rest = number;
    for (let at = start + KEY_DIGITS - 1; at >= start; at -= 1) {
      this.bytes[at] = 48 + (rest % 10);
      rest = Math.floor(rest / 10);
    }
  }
}

/** As good as random, and the same each time: values that went round would never meet each other. */
function scattered(number: number): number {
  let mixed = Math.imul(number ^ (number >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
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
