import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Appended } from '../../src/store/sqlite/protocol.ts';
import { type BareWriter, openBareWriter } from '../support/bare-writer.ts';
import { newEvent } from '../support/store.ts';
import { rowsIn } from '../support/store-steps.ts';

const START = 1_700_000_000_000;
const WINDOW_MS = 1000;
const BATCH = 1000;
/** New keys wait in memory until there are 16,384; so these go through two foldings, and some are left waiting. */
const MANY = 45_000;

let bare: BareWriter;
beforeEach(() => {
  bare = openBareWriter();
});
afterEach(() => bare.remove());

/** Appends keys with these numbers. @returns the answers in order */
function send(numbers: readonly number[], at = START, prefix = 'k'): Appended[] {
  const answers: Appended[] = [];
  for (let start = 0; start < numbers.length; start += BATCH) {
    const appends = numbers.slice(start, start + BATCH).map((number) => ({
      event: newEvent({
        receivedAt: at,
        dedup: { key: `${prefix}${number}`, windowMs: WINDOW_MS },
        headers: [],
        body: Buffer.alloc(0),
      }),
      deliveries: [],
    }));
    answers.push(...bare.commit({ appends, now: at }).appends);
  }
  return answers;
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, index) => from + index);

function expectKnown(numbers: readonly number[], firstEvent: number, answers: readonly Appended[]): void {
  const wrong = answers.filter((answer, index) => {
    const expected = firstEvent + (numbers[index] ?? 0);
    return answer.kind !== 'duplicate' || answer.event !== expected;
  });
  expect([answers.length, wrong.slice(0, 3)]).toEqual([numbers.length, []]);
}

function reopen(): void {
  const folder = bare.file.replace(/\/[^/]*$/, '');
  bare.close();
  bare = openBareWriter(folder);
}

test('keys by the ten thousand are each known, also after a restart, until their window is over', { timeout: 60_000 }, () => {
  const all = range(0, MANY);
  expect(send(all).every((answer) => answer.kind === 'accepted')).toBe(true);
  expectKnown(all, 1, send(all));
  reopen();
  expectKnown(all, 1, send(all, START + WINDOW_MS - 1));
  const renewed = range(0, 3000);
  const later = START + WINDOW_MS;
  const answers = send(renewed, later);
  expect(answers.every((answer) => answer.kind === 'accepted')).toBe(true);
  expectKnown(renewed, MANY + 1, send(renewed, later));
  reopen();
  expectKnown(renewed, MANY + 1, send(renewed, later));
});

test('with the events the keys go from every place in which they are kept', { timeout: 60_000 }, () => {
  send(range(0, 20_000));
  const now = START + 2 * WINDOW_MS;
  const limits = { deliveredBefore: now, deadBefore: now, rejectionsBefore: now };
  for (let restart = true, finished = false; !finished; restart = false) {
    const step = bare.command({ kind: 'retain', ...limits, now, restart }, now);
    finished = step.kind !== 'retained' || step.finished;
  }
  expect(rowsIn(bare.file, 'SELECT count(*) FROM events')).toEqual([[0]]);
  // Whatever was being folded at that time ends with the events that come.
  send(range(0, 20_000), now, 'other');
  reopen();
  expect(rowsIn(bare.file, 'SELECT count(*) FROM dedup_keys WHERE event_seq <= 20000')).toEqual([[0]]);
  expect(send(range(0, 20_000), now).every((answer) => answer.kind === 'accepted')).toBe(true);
});
