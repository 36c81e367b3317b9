import { setImmediate as nextTurn } from 'node:timers/promises';
import { beforeEach, describe, expect, test } from 'vitest';
import { HookbayError } from '../../src/domain/errors.ts';
import { GroupCommit } from '../../src/store/sqlite/group-commit.ts';
import type { Appended, Batch, BatchResult } from '../../src/store/sqlite/protocol.ts';

const ROW = {
  receivedAt: 1,
  route: 'r',
  type: null,
  dedupKey: null,
  dedupWindowMs: 0,
  headLength: 0,
  bodyLength: 1,
  deliveries: [],
};

/** The writer's side of the thread, answered by hand. */
let sent: Batch[];
let commits: GroupCommit;
/** What the callers were told, in this order. */
let told: string[];
beforeEach(() => {
  sent = [];
  told = [];
  commits = new GroupCommit({ postMessage: (batch: Batch) => sent.push(batch) }, () => 0);
});

const append = (name: string): void =>
  commits.append({
    head: '',
    body: Buffer.from('x'),
    row: { ...ROW },
    settled: (result) => told.push(`${name} ${result.kind === 'accepted' ? result.event : result.kind}`),
    failed: (error) => told.push(`${name} ${error.code}`),
  });
const appendMany = (name: string, count: number): void => {
  for (let index = 1; index <= count; index += 1) append(`${name}${index}`);
};
const sizes = (): number[] => sent.map(({ appends }) => appends.length);

function committed(events: readonly number[]): BatchResult {
  const appends = events.map((event): Appended => ({ kind: 'accepted', event, firstDelivery: 1 }));
  return { kind: 'committed', appends, settles: [], commands: [], freed: null, backlogs: [], ms: 1 };
}

describe('GroupCommit', () => {
  test('what comes in one turn of the event loop shares a commit, and what comes meanwhile waits for its end', async () => {
    append('a');
    append('b');
    expect(sizes()).toEqual([]);
    await nextTurn();
    append('c');
    await nextTurn();
    expect(sizes()).toEqual([2]);

    commits.answered(committed([1, 2]));
    expect(told).toEqual(['a 1', 'b 2']);
    expect(sizes()).toEqual([2, 1]);
  });

  test('the next batch is on its way before the senders of the last one are told', async () => {
    append('a');
    await nextTurn();
    let sentWhenTold = 0;
    commits.append({
      head: '',
      body: Buffer.from('x'),
      row: { ...ROW },
      settled: () => {
        sentWhenTold = sent.length;
      },
      failed: () => undefined,
    });
    commits.answered(committed([1]));
    append('c');
    commits.answered(committed([2]));
    expect(sentWhenTold).toBe(3);
  });

  test('a full batch goes out at once, also behind one that commits, but no third', async () => {
    appendMany('a', 130);
    expect(sizes()).toEqual([128]);
    appendMany('b', 126);
    expect(sizes()).toEqual([128, 128]);
    appendMany('c', 200);
    await nextTurn();
    expect(sizes()).toEqual([128, 128]);

    commits.answered(committed([1]));
    expect(sizes()).toEqual([128, 128, 200]);
    expect(told[0]).toBe('a1 1');
  });

  test('each batch has its own answer: one that is refused fails nobody of the one behind it', async () => {
    appendMany('a', 128);
    appendMany('b', 128);
    commits.answered({ kind: 'refused', code: 'disk_full', message: 'no room' });
    expect(told).toHaveLength(128);
    expect(new Set(told.map((line) => line.split(' ')[1]))).toEqual(new Set(['disk_full']));

    commits.answered(committed([7]));
    expect(told[128]).toBe('b1 7');
    expect(sizes()).toEqual([128, 128]);
  });

  test('a break tells everybody: who is in flight, who is behind, who waits, and who comes later', async () => {
    appendMany('a', 128);
    appendMany('b', 128);
    append('c');
    commits.break(new HookbayError({ code: 'broken', status: 503, message: 'gone' }));
    append('d');
    expect(told).toHaveLength(128 + 128 + 2);
    expect(told.every((line) => line.endsWith(' broken'))).toBe(true);
    commits.answered(committed([1]));
    expect(told).toHaveLength(258);
  });

  test('is flushed when the last batch in flight is answered', async () => {
    appendMany('a', 128);
    appendMany('b', 128);
    let isFlushed = false;
    const flushed = commits.flushed().then(() => {
      isFlushed = true;
    });
    commits.answered(committed([1]));
    await nextTurn();
    expect(isFlushed).toBe(false);
    commits.answered(committed([1]));
    await flushed;
  });
});
