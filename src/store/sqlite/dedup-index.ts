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

/** The hash's range is cut into so many parts, each sorted when its turn comes: sorting all at once took 15 ms. */
const BUCKETS = 64;
const BUCKET_WIDTH = 2 ** 53 / BUCKETS;

interface KeyEntry {
  hash: number;
  seq: number;
  name: string;
}

/** New keys, by name and by their place in the index. An entry counts while its name leads to its event. */
class NewKeys {
  readonly names = new Map<string, number>();
  readonly buckets: KeyEntry[][] = Array.from({ length: BUCKETS }, () => []);

  add(name: string, seq: number): void {
    const hash = hashOf(name);
    this.names.set(name, seq);
    this.buckets[Math.floor(hash / BUCKET_WIDTH)]?.push({ hash, seq, name });
  }
}

interface Place {
  bucket: number;
  position: number;
}

interface Fold {
  keys: NewKeys;
  place: Place;
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
  #young = new NewKeys();
  #fold: Fold | null = null;
  #folded: number;
  #changed: { keys: NewKeys; name: string; before: number | undefined }[] = [];
  #placeBefore: Place = { bucket: 0, position: 0 };

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
    for (const [name, seq] of readUnfolded(db, this.#folded)) this.#young.add(name, seq);
  }

  /** The newest event of the route with this key, whether or not its window has passed. */
  find(route: string, key: string): KnownKey | null {
    const name = nameOf(route, key);
    const young = this.#young.names.get(name) ?? this.#fold?.keys.names.get(name);
    if (young !== undefined) return (this.#event.get(young) as KnownKey | undefined) ?? null;
    for (const seq of (this.#candidates.all(hashOf(name)) as number[]).reverse()) {
      const event = this.#event.get(seq) as EventKey | undefined;
      if (event?.route === route && event.dedup_key === key) return event;
    }
    return null;
  }

  add(route: string, key: string, seq: number): void {
    const name = nameOf(route, key);
    this.#changed.push({ keys: this.#young, name, before: this.#young.names.get(name) });
    this.#young.add(name, seq);
  }

  /** The event is about to be removed for good. */
  remove(route: string, key: string, seq: number): void {
    const name = nameOf(route, key);
    this.#delete.run(hashOf(name), seq);
    for (const keys of [this.#young, this.#fold?.keys]) {
      if (keys?.names.get(name) !== seq) continue;
      this.#changed.push({ keys, name, before: seq });
      keys.names.delete(name);
    }
  }

  /** Folds a slice; to be called inside the transaction. @param appended events of the batch */
  foldSome(appended: number): void {
    const fold = this.#fold;
    if (fold === null) return;
    let left = appended * FOLD_PER_APPEND;
    while (left > 0 && fold.place.bucket < BUCKETS) {
      const { bucket, position } = fold.place;
      const entries = fold.keys.buckets[bucket] ?? [];
      if (position === 0) entries.sort((a, b) => a.hash - b.hash);
      const slice = entries.slice(position, position + left);
      for (const entry of slice) {
        // Not if it was undone or removed meanwhile.
        if (fold.keys.names.get(entry.name) === entry.seq) this.#insert.run(entry.hash, entry.seq);
      }
      left -= Math.max(slice.length, 1);
      const end = position + slice.length;
      fold.place = end < entries.length ? { bucket, position: end } : { bucket: bucket + 1, position: 0 };
    }
    if (fold.place.bucket === BUCKETS) this.#saveFolded.run(fold.upTo);
  }

  /** The transaction is on disk. @param lastEvent sequence of the last event in it */
  keep(lastEvent: number): void {
    this.#changed = [];
    const fold = this.#fold;
    if (fold !== null && fold.place.bucket === BUCKETS) {
      this.#folded = fold.upTo;
      this.#fold = null;
    }
    const isDue = this.#young.names.size >= FOLD_KEYS || lastEvent - this.#folded >= FOLD_EVENTS;
    if (this.#fold === null && isDue) {
      this.#fold = { keys: this.#young, place: { bucket: 0, position: 0 }, upTo: lastEvent };
      this.#young = new NewKeys();
    }
    if (this.#fold !== null) this.#placeBefore = this.#fold.place;
  }

  /** A point to which {@link rollBack} can return. */
  mark(): number {
    return this.#changed.length;
  }

  rollBack(mark = 0): void {
    while (this.#changed.length > mark) {
      const step = this.#changed.pop();
      if (step?.before !== undefined) step.keys.names.set(step.name, step.before);
      else step?.keys.names.delete(step.name);
    }
    if (mark === 0 && this.#fold !== null) this.#fold.place = this.#placeBefore;
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
