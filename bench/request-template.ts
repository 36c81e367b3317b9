import { eventBody, eventHeaders } from '../test/support/knowledgesdk-event.ts';

const KEY_DIGITS = 12;

/**
 * A complete request as bytes whose dedup key is a number that can be changed in place: building text for
 * every request would cost the generator more than sending it.
 */
export class RequestTemplate {
  readonly bytes: Buffer;
  readonly #keyAt: number;

  /** @param keyPrefix tells one run's keys from another's */
  constructor(url: URL, keyPrefix: string, bodySize: number) {
    const body = eventBody(bodySize);
    const headers = { host: url.host, ...eventHeaders(keyPrefix + '0'.repeat(KEY_DIGITS)), 'content-length': body.length };
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
