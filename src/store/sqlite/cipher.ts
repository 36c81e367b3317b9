import { createCipheriv, createDecipheriv, type DecipherGCM, type KeyObject } from 'node:crypto';

const ALGORITHM = 'aes-256-gcm';
const NONCE_BYTES = 12;
const COUNTER_BYTES = 8;
const TAG_BYTES = 16;
const TWO_32 = 2 ** 32;

/** What stands before what is encrypted: the seal, the counter that was the nonce, and the tag. */
export const PREFIX_BYTES = 4 + COUNTER_BYTES + TAG_BYTES;

/**
 * Encrypts under the key of one run. The nonce is a counter: it begins with the run, as the key does, and is never set
 * back, so no two texts have the same key and nonce, whatever is restored or copied.
 */
export class Cipher {
  readonly #seal: number;
  readonly #key: KeyObject;
  readonly #nonce = Buffer.alloc(NONCE_BYTES);
  #counter = 0;

  constructor(seal: number, key: KeyObject) {
    this.#seal = seal;
    this.#key = key;
  }

  /**
   * @param place where the text belongs: under another it cannot be read
   * @param prefix gets {@link PREFIX_BYTES} bytes at its offset
   * @returns what is encrypted, as long as the text
   */
  seal(text: Uint8Array, place: string, prefix: Buffer, offset: number): Buffer {
    this.#counter += 1;
    prefix.writeUInt32BE(this.#seal, offset);
    prefix.writeUInt32BE(Math.floor(this.#counter / TWO_32), offset + 4);
    prefix.writeUInt32BE(this.#counter % TWO_32, offset + 8);
    prefix.copy(this.#nonce, NONCE_BYTES - COUNTER_BYTES, offset + 4, offset + 4 + COUNTER_BYTES);
    const cipher = createCipheriv(ALGORITHM, this.#key, this.#nonce);
    cipher.setAAD(Buffer.from(place));
    const sealed = cipher.update(text);
    cipher.final();
    cipher.getAuthTag().copy(prefix, offset + 4 + COUNTER_BYTES);
    return sealed;
  }
}

/** The number of the seal in a prefix. */
export function sealOf(prefix: Buffer, offset = 0): number {
  return prefix.length >= offset + PREFIX_BYTES ? prefix.readUInt32BE(offset) : 0;
}

/** What decrypts a text; its `final` throws unless the text, its place and the key are the right ones. */
export function opener(key: KeyObject, place: string, prefix: Buffer, offset: number): DecipherGCM {
  const nonce = Buffer.alloc(NONCE_BYTES);
  prefix.copy(nonce, NONCE_BYTES - COUNTER_BYTES, offset + 4, offset + 4 + COUNTER_BYTES);
  const decipher = createDecipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.from(place));
  decipher.setAuthTag(prefix.subarray(offset + 4 + COUNTER_BYTES, offset + PREFIX_BYTES));
  return decipher;
}
