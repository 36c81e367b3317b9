import { createSecretKey, hkdfSync, type KeyObject, randomBytes } from 'node:crypto';
import type { Database, Statement } from 'better-sqlite3';
import { HookbayError } from '../../domain/errors.ts';
import { KeyedHash } from './keyed-hash.ts';

/** A configured key of 32 bytes. The first one of a list encrypts, all of them decrypt. */
export interface EncryptionKey {
  id: string;
  key: Uint8Array;
}

const SALT_BYTES = 32;
const KEY_BYTES = 32;
const PROOF_BYTES = 16;

interface SealRow {
  seq: number;
  key_id: string;
  salt: Buffer;
  proof: Buffer;
  first_event: number;
}

function derive({ id, key }: EncryptionKey, salt: Uint8Array, purpose: string, bytes: number): Buffer {
  return Buffer.from(hkdfSync('sha256', key, salt, `hookbay ${purpose} v1 ${id}`, bytes));
}

function keyedHashOf(key: EncryptionKey): KeyedHash {
  return new KeyedHash(derive(key, Buffer.alloc(0), 'hash', KEY_BYTES));
}

/** What decrypts under one seal; `missing`: its configured key is not there. */
export type FoundSeal = { kind: 'known'; cipherKey: KeyObject; keyedHash: KeyedHash } | { kind: 'missing'; keyId: string };

/** Seals by their number, each derived once. */
export class Seals {
  readonly #keys: ReadonlyMap<string, EncryptionKey>;
  readonly #row: Statement;
  readonly #found = new Map<number, FoundSeal>();
  readonly #hashes: ReadonlyMap<string, KeyedHash>;

  constructor(db: Database, keys: readonly EncryptionKey[]) {
    this.#keys = new Map(keys.map((key) => [key.id, key]));
    this.#hashes = new Map(keys.map((key) => [key.id, keyedHashOf(key)]));
    this.#row = db.prepare('SELECT seq, key_id, salt, proof, first_event FROM seals WHERE seq = ?');
  }

  /** @returns null for a number that was never given */
  find(seal: number): FoundSeal | null {
    const known = this.#found.get(seal);
    if (known !== undefined) return known;
    const row = this.#row.get(seal) as SealRow | undefined;
    if (row === undefined) return null;
    const found = this.#derived(row);
    this.#found.set(seal, found);
    return found;
  }

  /** For hashes that can be compared over restarts: it depends on the configured key alone, and is one for all its seals. */
  keyedHash({ id }: EncryptionKey): KeyedHash {
    const keyedHash = this.#hashes.get(id);
    if (keyedHash === undefined) throw new RangeError(`there is no key ${id}`);
    return keyedHash;
  }

  #derived({ key_id: keyId, salt, proof }: SealRow): FoundSeal {
    const key = this.#keys.get(keyId);
    if (key === undefined || !derive(key, salt, 'proof', PROOF_BYTES).equals(proof)) return { kind: 'missing', keyId };
    return { kind: 'known', cipherKey: createSecretKey(derive(key, salt, 'seal', KEY_BYTES)), keyedHash: this.keyedHash(key) };
  }
}

/** How this run encrypts, and what it cannot read. */
export interface SealState {
  /** Number of the run's own seal; null: nothing is encrypted. */
  seal: number | null;
  /** Configured keys under which there may be dedup keys, beside the first one. */
  formerKeys: readonly EncryptionKey[];
  /** Whether there may be events that are not encrypted. */
  mayBeClear: boolean;
  /** Ids of keys that are needed and are not configured. */
  missing: readonly string[];
}

interface Opening {
  created: boolean;
  nextEvent: number;
  now: number;
}

/** Without any key. */
export const CLEAR: SealState = { seal: null, formerKeys: [], mayBeClear: true, missing: [] };

/**
 * Makes the seal of this run; to be called once, when the database is opened.
 * @param at whether the database is new, the number of its next event, and wall ms
 * @throws HookbayError `wrong_encryption_key` when a configured key is not the one that its id stands for in the database
 */
export function openSeals(db: Database, keys: readonly EncryptionKey[], at: Opening): SealState {
  const before = db.prepare('SELECT seq, key_id, salt, proof, first_event FROM seals ORDER BY seq').all() as SealRow[];
  const configured = new Map(keys.map((key) => [key.id, key]));
  const unread = before.filter((row) => !configured.has(row.key_id) && isInUse(db, row, before));
  const newest = new Map(before.map((row) => [row.key_id, row]));
  for (const row of newest.values()) refuseWrongKey(db, row, before, configured.get(row.key_id));
  const missing = [...new Set(unread.map((row) => row.key_id))];
  const [first] = keys;
  if (first === undefined) {
    db.prepare("DELETE FROM meta WHERE key = 'sealed_from_the_start'").run();
    return { ...CLEAR, missing };
  }
  if (at.created) db.prepare("INSERT INTO meta VALUES ('sealed_from_the_start', '1')").run();
  const mayBeClear = db.prepare("SELECT 1 FROM meta WHERE key = 'sealed_from_the_start'").get() === undefined;
  const formerKeys = keys.filter((key) => key !== first && newest.has(key.id));
  return { seal: addSeal(db, first, at), formerKeys, mayBeClear, missing };
}

function addSeal(db: Database, key: EncryptionKey, { nextEvent, now }: Opening): number {
  const salt = randomBytes(SALT_BYTES);
  const insert = db.prepare('INSERT INTO seals (key_id, salt, proof, created_at, first_event) VALUES (?, ?, ?, ?, ?)');
  return Number(insert.run(key.id, salt, derive(key, salt, 'proof', PROOF_BYTES), now, nextEvent).lastInsertRowid);
}

function refuseWrongKey(db: Database, row: SealRow, all: readonly SealRow[], key: EncryptionKey | undefined): void {
  if (key === undefined || derive(key, row.salt, 'proof', PROOF_BYTES).equals(row.proof)) return;
  if (!all.some((other) => other.key_id === row.key_id && isInUse(db, other, all))) return;
  throw new HookbayError({
    code: 'wrong_encryption_key',
    status: 500,
    message: `The key ${row.key_id} in storage.encryption is not the one under which events in the database are encrypted`,
    hint: `Put the right key back under ${row.key_id}. A new key needs a new id, before the old one in the list. Nothing was changed.`,
  });
}

/** Encrypted events come first among those from one seal to the next, so the first that is left tells. */
function isInUse(db: Database, row: SealRow, all: readonly SealRow[]): boolean {
  const next = all.find(({ seq }) => seq > row.seq)?.first_event ?? Number.MAX_SAFE_INTEGER;
  const first = db.prepare(
    'SELECT substr(head, 1, 1) AS mark FROM event_content WHERE seq >= ? AND seq < ? ORDER BY seq LIMIT 1',
  );
  const content = first.get(row.first_event, next) as { mark: Buffer } | undefined;
  return content?.mark[0] === SEALED_HEAD;
}

/** First byte of an encrypted head; a clear one is JSON and begins with a bracket. */
export const SEALED_HEAD = 1;
