import type { Database, Statement } from 'better-sqlite3';

/**
 * Keys are spread at random, so an index that takes each one at once writes about one page per event: with it an
 * append cost 1.4 pages of write-ahead log, without it 0.4. So new keys stay in memory (they are on disk in their
 * events' rows) and are folded into the index in sorted order, where neighbours share pages.
 */
const FOLD_KEYS = 16_384;
/** Events without keys count too: all that are newer than the last fold are looked at when the store opens. */
const FOLD_EVENTS = 65_536;
/** Keys folded per event that is appended: with two, one fold has ended long before the next begins. */
const FOLD_PER_APPEND = 2;

export interface KnownKey {
  seq: number;
  received_at: number;
  key_expires_at: number;
  body_sha256: Buffer;
}

interface EventKey extends KnownKey {
  route: string;
  dedup_key: string | null;
}

interface Fold {
  keys: Map<string, number>;
  entries: { hash: number; seq: number; name: string }[];
  position: number;
  /** Every event up to this one is in the index when the fold ends. */
  upTo: number;
}

/** A 53-bit hash (cyrb53, public domain). Two keys may share one: the event's own row decides. */
function hashOf(text: string): number {
  let high = 0xdeadbeef;
  let low = 0x41c6ce57;
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i);
    high = Math.imul(high ^ unit, 2654435761);
    low = Math.imul(low ^ unit, 1597334677);
  }
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
  return 4294967296 * (2097151 & low) + (high >>> 0);
}

const nameOf = (route: string, key: string): string => `${route}\n${key}`;

/** Which event first had a dedup key. Changes made within a transaction are undone with it. */
export class DedupIndex {
  readonly #event: Statement;
  readonly #candidates: Statement;
  readonly #insert: Statement;
  readonly #delete: Statement;
  readonly #saveFolded: Statement;
  #young: Map<string, number>;
  #fold: Fold | null = null;
  #folded: number;
  #changed: { keys: Map<string, number>; name: string; before: number | undefined }[] = [];
  #positionBefore = 0;

  /** Reads the keys that are not folded yet, a few ten thousand at most. */
  constructor(db: Database) {
    this.#event = db.prepare('SELECT seq, received_at, key_expires_at, body_sha256, route, dedup_key FROM events WHERE seq = ?');
    // In the key's order, so oldest first. Asking for them in descending order took 12 us instead of 2.
    this.#candidates = db.prepare('SELECT event_seq FROM dedup_keys WHERE hash = ?').pluck();
    this.#insert = db.prepare('INSERT OR IGNORE INTO dedup_keys VALUES (?, ?)');
    this.#delete = db.prepare('DELETE FROM dedup_keys WHERE hash = ? AND event_seq = ?');
    this.#saveFolded = db.prepare(
      "INSERT INTO sequences (name, value) VALUES ('folded', ?) ON CONFLICT DO UPDATE SET value = excluded.value",
    );
    this.#folded = readFolded(db);
    this.#young = new Map(readUnfolded(db, this.#folded));
  }

  /** The newest event of the route with this key, whether or not its window has passed. */
  find(route: string, key: string): KnownKey | null {
    const name = nameOf(route, key);
    const young = this.#young.get(name) ?? this.#fold?.keys.get(name);
    if (young !== undefined) return (this.#event.get(young) as KnownKey | undefined) ?? null;
    for (const seq of (this.#candidates.all(hashOf(name)) as number[]).reverse()) {
      const event = this.#event.get(seq) as EventKey | undefined;
      if (event?.route === route && event.dedup_key === key) return event;
    }
    return null;
  }

  add(route: string, key: string, seq: number): void {
    this.#change(this.#young, nameOf(route, key), seq);
  }

  /** The event is about to be removed for good. */
  remove(route: string, key: string, seq: number): void {
    const name = nameOf(route, key);
    this.#delete.run(hashOf(name), seq);
    for (const keys of [this.#young, this.#fold?.keys]) {
      if (keys?.get(name) === seq) this.#change(keys, name, undefined);
    }
  }

  /** Folds a slice; to be called inside the transaction. @param appended events of the batch */
  foldSome(appended: number): void {
    const fold = this.#fold;
    if (fold === null) return;
    const end = Math.min(fold.position + appended * FOLD_PER_APPEND, fold.entries.length);
    for (; fold.position < end; fold.position += 1) {
      const entry = fold.entries[fold.position];
      // Not if it was removed meanwhile.
      if (entry !== undefined && fold.keys.get(entry.name) === entry.seq) this.#insert.run(entry.hash, entry.seq);
    }
    if (fold.position === fold.entries.length) this.#saveFolded.run(fold.upTo);
  }

  /** The transaction is on disk. @param lastEvent sequence of the last event in it */
  keep(lastEvent: number): void {
    this.#changed = [];
    const fold = this.#fold;
    if (fold !== null && fold.position === fold.entries.length) {
      this.#folded = fold.upTo;
      this.#fold = null;
    }
    const isDue = this.#young.size >= FOLD_KEYS || lastEvent - this.#folded >= FOLD_EVENTS;
    if (this.#fold === null && isDue) this.#begin(lastEvent);
    this.#positionBefore = this.#fold?.position ?? 0;
  }

  /** A point to which {@link rollBack} can return. */
  mark(): number {
    return this.#changed.length;
  }

  rollBack(mark = 0): void {
    while (this.#changed.length > mark) {
      const step = this.#changed.pop();
      if (step?.before !== undefined) step.keys.set(step.name, step.before);
      else step?.keys.delete(step.name);
    }
    if (mark === 0 && this.#fold !== null) this.#fold.position = this.#positionBefore;
  }

  #change(keys: Map<string, number>, name: string, seq: number | undefined): void {
    this.#changed.push({ keys, name, before: keys.get(name) });
    if (seq === undefined) keys.delete(name);
    else keys.set(name, seq);
  }

  #begin(upTo: number): void {
    const keys = this.#young;
    const entries = [...keys].map(([name, seq]) => ({ hash: hashOf(name), seq, name }));
    entries.sort((a, b) => a.hash - b.hash);
    this.#fold = { keys, entries, position: 0, upTo };
    this.#young = new Map();
  }
}

function readFolded(db: Database): number {
  return (db.prepare("SELECT value FROM sequences WHERE name = 'folded'").pluck().get() as number | undefined) ?? 0;
}

function readUnfolded(db: Database, folded: number): [string, number][] {
  const rows = db.prepare('SELECT seq, route, dedup_key FROM events WHERE seq > ? AND dedup_key IS NOT NULL ORDER BY seq');
  return (rows.all(folded) as { seq: number; route: string; dedup_key: string }[]).map(({ seq, route, dedup_key: key }) => [
    nameOf(route, key),
    seq,
  ]);
}
