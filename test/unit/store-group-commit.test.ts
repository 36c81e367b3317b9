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
    append('d');
    await nextTurn();
    expect(sizes()).toEqual([2, 2]);
  });

  test('a batch that is refused fails nobody of the one behind it', async () => {
    append('a');
    await nextTurn();
    append('b');
    commits.answered({ kind: 'refused', code: 'disk_full', message: 'no room' });
    await nextTurn();
    commits.answered(committed([7]));
    expect(told).toEqual(['a disk_full', 'b 7']);
  });

  test('a break tells everybody: who is in flight, who waits, and who comes later', async () => {
    append('a');
    await nextTurn();
    append('b');
    commits.break(new HookbayError({ code: 'broken', status: 503, message: 'gone' }));
    append('c');
    commits.answered(committed([1]));
    expect(told).toEqual(['a broken', 'b broken', 'c broken']);
  });

  test('is flushed when what was given before is answered', async () => {
    append('a');
    await nextTurn();
    append('b');
    let isFlushed = false;
    const flushed = commits.flushed().then(() => {
      isFlushed = true;
    });
    commits.answered(committed([1]));
    await nextTurn();
    expect(isFlushed).toBe(false);
    commits.answered(committed([2]));
    await flushed;
  });
});
