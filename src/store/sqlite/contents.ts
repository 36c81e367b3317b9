import { hash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { Database } from 'better-sqlite3';
import { Cipher, opener, PREFIX_BYTES, sealOf } from './cipher.ts';
import { isWhole } from './content.ts';
import type { KeyedHash } from './keyed-hash.ts';
import { CLEAR, type EncryptionKey, SEALED_HEAD, type SealState, Seals } from './seals.ts';

/** An event's content as its rows have it. */
export interface StoredContent {
  seq: number;
  received_at: number;
  head_crc32: number;
  body_sha256: Uint8Array;
  head: Buffer;
  body: Buffer;
}

export type Opened = { kind: 'whole'; head: Buffer; body: Buffer } | { kind: 'damaged' } | { kind: 'key-missing'; keyId: string };

const SHA256_BYTES = 32;
const SEAL_BYTES = 4;
/** 144 bits of the keyed hash of a dedup key. */
const KEY_CHARS = 24;
/** Before texts that are encrypted; clear ones are JSON. */
const SEALED_TEXT = 'sealed:1:';
const HEAD_OFFSET = 1;
const NO_KEYS: readonly string[] = [];

/**
 * What an event's content looks like on disk: as it came, or encrypted when there are keys. Encrypted values say so
 * themselves, so rows of both kinds lie side by side, and without keys nothing costs more:
 *
 * - head: a 1, the seal's number, the counter, the tag, the encrypted head; body: the rest of the same encryption
 * - hash of the body: the seal's number and an HMAC; dedup key: an HMAC, the key itself stands at the end of the head
 * - attempts, rejections and learned secrets: `sealed:1:` and the same in base64
 */
export class Contents {
  readonly #state: SealState;
  readonly #seals: Seals;
  readonly #cipher: Cipher | null;
  readonly #keyedHash: KeyedHash | null;
  readonly #formerHashes: readonly KeyedHash[];
  readonly #keyedHashes: readonly KeyedHash[];

  /** @param state what the run that writes has made of the keys; without it this only reads */
  constructor(db: Database, keys: readonly EncryptionKey[] = [], state: SealState = CLEAR) {
    this.#state = state;
    this.#seals = new Seals(db, keys);
    const own = state.seal === null ? null : this.#seals.find(state.seal);
    this.#cipher = state.seal === null || own?.kind !== 'known' ? null : new Cipher(state.seal, own.cipherKey);
    this.#keyedHash = own?.kind === 'known' ? own.keyedHash : null;
    this.#keyedHashes = keys.map((key) => this.#seals.keyedHash(key));
    this.#formerHashes = state.formerKeys.map((key) => this.#seals.keyedHash(key));
  }

  get isSealing(): boolean {
    return this.#cipher !== null;
  }

  /** Ids of keys that are needed and are not there. */
  get missing(): readonly string[] {
    return this.#state.missing;
  }

  bodyHash(body: Uint8Array): Buffer {
    if (this.#keyedHash === null) return hash('sha256', body, 'buffer');
    const sealed = Buffer.allocUnsafe(SEAL_BYTES + SHA256_BYTES);
    sealed.writeUInt32BE(this.#state.seal ?? 0);
    this.#keyedHash.ofBytes(body, sealed, SEAL_BYTES);
    return sealed;
  }

  /** Whether the body may be the one of this hash; true when nothing tells: the event was deleted, or its key is missing. */
  isSameBody(stored: Uint8Array, body: Uint8Array, own: Buffer): boolean {
    if (stored.length === 0 || own.equals(stored)) return true;
    if (isClearHash(stored)) return this.#keyedHash !== null && hash('sha256', body, 'buffer').equals(stored);
    const hashed = Buffer.from(stored.buffer, stored.byteOffset, stored.byteLength);
    const seal = this.#seals.find(hashed.readUInt32BE());
    if (seal?.kind !== 'known') return true;
    const rehashed = Buffer.alloc(SHA256_BYTES);
    seal.keyedHash.ofBytes(body, rehashed);
    return rehashed.equals(hashed.subarray(SEAL_BYTES));
  }

  /** A dedup key as it is stored: with encryption it cannot be guessed from that. */
  storedKey(key: string): string {
    return this.#keyedHash === null ? key : keyedKey(this.#keyedHash, key);
  }

  /** As it may have been stored before: under other keys, or in the clear. */
  formerKeys(key: string): readonly string[] {
    if (this.#keyedHash === null) return NO_KEYS;
    if (this.#formerHashes.length === 0 && !this.#state.mayBeClear) return NO_KEYS;
    const former = this.#formerHashes.map((keyedHash) => keyedKey(keyedHash, key));
    return this.#state.mayBeClear ? [...former, key] : former;
  }

  /** What a dedup key may look like in encrypted events, under any of the keys. */
  keyedForms(key: string): string[] {
    return this.#keyedHashes.map((keyedHash) => keyedKey(keyedHash, key));
  }

  /** @param head,body may lie one after the other in one buffer, which saves a copy */
  store(
    seq: number,
    receivedAt: number,
    head: Uint8Array,
    body: Uint8Array,
  ): Pick<StoredContent, 'head_crc32'> & {
    head: Uint8Array;
    body: Uint8Array;
  } {
    if (this.#cipher === null) return { head_crc32: crc32(head), head, body };
    const sealedHead = Buffer.allocUnsafe(HEAD_OFFSET + PREFIX_BYTES + head.length);
    sealedHead[0] = SEALED_HEAD;
    const sealed = this.#cipher.seal(joined(head, body), eventPlace(seq, receivedAt, head.length), sealedHead, HEAD_OFFSET);
    sealed.copy(sealedHead, HEAD_OFFSET + PREFIX_BYTES, 0, head.length);
    // The tag says more than a checksum, and that of a short head would tell what is in it.
    return { head_crc32: 0, head: sealedHead, body: sealed.subarray(head.length) };
  }

  /** Head and body, if they are what was accepted. */
  open(stored: StoredContent): Opened {
    const { head, body } = stored;
    if (head[0] !== SEALED_HEAD || isClearHash(stored.body_sha256))
      return isWhole(head, body, stored) ? { kind: 'whole', head, body } : { kind: 'damaged' };
    const seal = this.#seals.find(sealOf(head, HEAD_OFFSET));
    if (seal === null) return { kind: 'damaged' };
    if (seal.kind === 'missing') return { kind: 'key-missing', keyId: seal.keyId };
    try {
      const sealed = head.subarray(HEAD_OFFSET + PREFIX_BYTES);
      const place = eventPlace(stored.seq, stored.received_at, sealed.length);
      const decipher = opener(seal.cipherKey, place, head, HEAD_OFFSET);
      const opened = { kind: 'whole', head: decipher.update(sealed), body: decipher.update(body) } as const;
      decipher.final();
      return opened;
    } catch {
      return { kind: 'damaged' };
    }
  }

  /** The head for a list, which is read without the body and so without a check. */
  shownHead(head: Buffer): Buffer | null {
    if (head[0] !== SEALED_HEAD) return head;
    const seal = this.#seals.find(sealOf(head, HEAD_OFFSET));
    if (seal?.kind !== 'known') return null;
    return opener(seal.cipherKey, '', head, HEAD_OFFSET).update(head.subarray(HEAD_OFFSET + PREFIX_BYTES));
  }

  /** @param place where it belongs, for example `attempt:7` */
  storeText(place: string, text: string): string {
    if (this.#cipher === null) return text;
    const prefix = Buffer.allocUnsafe(PREFIX_BYTES);
    const sealed = this.#cipher.seal(Buffer.from(text), place, prefix, 0);
    return SEALED_TEXT + Buffer.concat([prefix, sealed]).toString('base64');
  }

  /** @returns null when it cannot be read: damaged, of another place, or its key is missing */
  openText(place: string, stored: string): string | null {
    if (!isSealedText(stored)) return stored;
    const bytes = Buffer.from(stored.slice(SEALED_TEXT.length), 'base64');
    const seal = this.#seals.find(sealOf(bytes));
    if (seal?.kind !== 'known') return null;
    try {
      const decipher = opener(seal.cipherKey, place, bytes, 0);
      return Buffer.concat([decipher.update(bytes.subarray(PREFIX_BYTES)), decipher.final()]).toString();
    } catch {
      return null;
    }
  }
}

export function isSealedText(stored: string): boolean {
  return stored.startsWith(SEALED_TEXT);
}

/** Whether it is the SHA-256 of the body itself. */
export function isClearHash(stored: Uint8Array): boolean {
  return stored.length === SHA256_BYTES;
}

function keyedKey(keyedHash: KeyedHash, key: string): string {
  return keyedHash.ofText(key).slice(0, KEY_CHARS);
}

/** The length keeps anybody from moving the border between head and body. */
function eventPlace(seq: number, receivedAt: number, headLength: number): string {
  return `event:${seq}:${receivedAt}:${headLength}`;
}

function joined(head: Uint8Array, body: Uint8Array): Uint8Array {
  const isOne = head.buffer === body.buffer && head.byteOffset + head.length === body.byteOffset;
  return isOne ? new Uint8Array(head.buffer, head.byteOffset, head.length + body.length) : Buffer.concat([head, body]);
}
