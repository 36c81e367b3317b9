import { HookbayError } from '../../domain/errors.ts';
import type { Page, PageRequest } from '../../domain/listing.ts';

/** Rows that one statement may look at: a filter that matches nothing still ends, and the thread stays answerable. */
const WINDOW_ROWS = 20_000;
/** Of a page: about 10 ms, so that short budgets are kept. */
const PAGE_WINDOW_ROWS = 5_000;
/** After this the page is given as it is, with a cursor to go on. Well under the 2 s for which a read may stay. */
const BUDGET_MS = 1_200;

const CURSOR_DIGITS = 11;

/** Opaque to callers: the sequence number below which the next page begins. */
export function writeCursor(below: number): string {
  return `c${below.toString(36).padStart(CURSOR_DIGITS, '0')}`;
}

/** @throws HookbayError `bad_cursor` */
export function readCursor(cursor: string | null): number | null {
  if (cursor === null) return null;
  const value = /^c[0-9a-z]{11}$/.test(cursor) ? Number.parseInt(cursor.slice(1), 36) : Number.NaN;
  if (Number.isSafeInteger(value)) return value;
  throw new HookbayError({
    code: 'bad_cursor',
    status: 400,
    message: 'The cursor is not one that this list gave out',
    hint: 'Leave it out for the first page; then use nextCursor as it is.',
  });
}

/**
 * A page of a list, newest first, found by going through the sequence in windows.
 * @param top one more than the newest sequence number
 * @param bottom the oldest one of interest
 * @param read rows with `from` <= sequence < `below`, newest first, at most `limit`
 */
export function scanPage<Row extends { seq: number }>(
  page: PageRequest,
  top: number,
  bottom: number,
  read: (from: number, below: number, limit: number) => Row[],
): Page<Row> {
  const deadline = performance.now() + (page.budgetMs ?? BUDGET_MS);
  const data: Row[] = [];
  let below = Math.min(readCursor(page.cursor) ?? top, top);
  while (below > bottom && data.length < page.limit && performance.now() < deadline) {
    const from = Math.max(bottom, below - PAGE_WINDOW_ROWS);
    const rows = read(from, below, page.limit - data.length);
    data.push(...rows);
    const full = data.length >= page.limit;
    below = full ? (rows.at(-1)?.seq ?? from) : from;
  }
  return { data, nextCursor: below > bottom ? writeCursor(below) : null };
}

/**
 * The next rows of a sequence, oldest first, found by going through it in windows.
 * @param above the sequence number after which to begin
 * @param top the newest one
 * @param read rows with `above` < sequence <= `upTo`, oldest first, at most `limit`
 * @returns the rows, and how far the sequence was looked at
 */
export function scanOn<Row extends { seq: number }>(
  above: number,
  top: number,
  limit: number,
  read: (above: number, upTo: number, limit: number) => Row[],
): { rows: Row[]; position: number } {
  const deadline = performance.now() + BUDGET_MS;
  const rows: Row[] = [];
  let position = above;
  while (position < top && rows.length < limit && performance.now() < deadline) {
    const upTo = Math.min(top, position + WINDOW_ROWS);
    rows.push(...read(position, upTo, limit - rows.length));
    position = rows.length >= limit ? (rows.at(-1)?.seq ?? upTo) : upTo;
  }
  return { rows, position };
}

/**
 * Goes through a whole sequence, oldest first, in windows, handing over what each finds. Each window is a read of
 * its own, so that none holds back the checkpoints.
 */
export function scanAll<Row>(
  top: number,
  bottom: number,
  read: (from: number, below: number) => Row[],
  take: (rows: Row[]) => void,
): void {
  for (let from = bottom; from < top; from += WINDOW_ROWS) take(read(from, Math.min(from + WINDOW_ROWS, top)));
}
