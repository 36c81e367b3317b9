import type { Database, Statement } from 'better-sqlite3';
import { type BodyQuery, containsJson, parseBodyQuery } from '../../domain/body-match.ts';

/** One step may look at so much; then somebody else may ask, and the search goes on where it was. */
const STEP_MS = 40;
const STEP_ROWS = 500;

/** Looks into bodies as they are stored: compressed ones are not opened. */
export class BodySearch {
  readonly #body: Statement;

  constructor(db: Database) {
    this.#body = db.prepare('SELECT body FROM event_content WHERE seq = ?').pluck();
  }

  /**
   * Looks at as many as one step may.
   * @param rows of events that match all else, newest first
   * @returns those whose body matches, and how far it came; `isOver` when all rows were looked at
   */
  step<Row extends { seq: number }>(
    query: string,
    rows: Iterable<Row>,
  ): { found: Row[]; scanned: number; last: Row | null; isOver: boolean } {
    const wanted = bytesMatcher(parseBodyQuery(query));
    const deadline = performance.now() + STEP_MS;
    const found: Row[] = [];
    let scanned = 0;
    let last: Row | null = null;
    for (const row of rows) {
      const body = this.#body.get(row.seq) as Buffer | undefined;
      if (body !== undefined && wanted(body)) found.push(row);
      scanned += 1;
      last = row;
      if (scanned >= STEP_ROWS || performance.now() > deadline) return { found, scanned, last, isOver: false };
    }
    return { found, scanned, last, isOver: true };
  }
}

function bytesMatcher(query: BodyQuery): (body: Buffer) => boolean {
  if (query.kind === 'text') {
    const bytes = Buffer.from(query.text);
    return (body) => body.includes(bytes);
  }
  // Every text of what is wanted must be somewhere: most bodies need not be parsed.
  const needles = [...textsIn(query.value)].map((text) => Buffer.from(text));
  return (body) => needles.every((needle) => body.includes(needle)) && parsedContains(body, query.value);
}

/** Texts without anything that JSON may write in several ways. */
function* textsIn(value: unknown): Generator<string> {
  if (typeof value === 'string' && /^[A-Za-z0-9 _.:-]+$/.test(value)) yield value;
  if (typeof value !== 'object' || value === null) return;
  for (const [name, member] of Object.entries(value)) {
    if (!Array.isArray(value)) yield* textsIn(name);
    yield* textsIn(member);
  }
}

function parsedContains(body: Buffer, wanted: object): boolean {
  try {
    return containsJson(JSON.parse(body.toString('utf8')), wanted);
  } catch {
    return false; // not JSON, so it contains none
  }
}
