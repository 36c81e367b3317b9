import Sqlite, { type Database } from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { migrate } from '../../src/store/sqlite/migrate.ts';
import { Tallies } from '../../src/store/sqlite/tallies.ts';

let db: Database;
let tallies: Tallies;
beforeEach(() => {
  db = new Sqlite(':memory:');
  migrate(db, ':memory:');
  tallies = new Tallies(db);
});
afterEach(() => void db.close());

const commit = (): void => {
  tallies.write();
  tallies.keep();
};
const store = (seq: number): unknown =>
  db.prepare("INSERT INTO events VALUES (?, 1, 'r', NULL, NULL, NULL, 0, 0, 0, 1, 0, 0, 0, x'00')").run(seq);
const counts = (): unknown => db.prepare('SELECT status, count FROM delivery_counts ORDER BY status').raw().all();

describe('numbers', () => {
  test('begin at one, follow each other, and are taken in runs', () => {
    expect([tallies.take('event'), tallies.take('event')]).toEqual([1, 2]);
    expect([tallies.take('delivery', 3), tallies.take('delivery'), tallies.peek('delivery')]).toEqual([1, 4, 5]);
  });

  test('go on after the newest row at the next start', () => {
    store(tallies.take('event'));
    store(tallies.take('event', 7));
    commit();
    expect(new Tallies(db).take('event')).toBe(3);
  });

  test('are not given again when their rows were removed', () => {
    store(tallies.take('event', 7) + 6);
    commit();
    db.exec('DELETE FROM events');
    tallies.saveNumbers();
    commit();
    expect(new Tallies(db).take('event')).toBe(8);
  });

  test('of a transaction that is undone are given again', () => {
    tallies.take('event', 2);
    commit();
    tallies.take('event', 5);
    tallies.rollBack();
    expect(tallies.take('event')).toBe(3);
  });

  test('that are lost are left out, whatever becomes of the transactions that follow', () => {
    tallies.take('event', 2);
    commit();
    tallies.skipTo('event', 10);
    tallies.take('event');
    tallies.rollBack();
    expect(tallies.take('event')).toBe(10);
    commit();
    expect(new Tallies(db).take('event')).toBe(10);
    store(10);
    expect(new Tallies(db).take('event')).toBe(11);
  });

  test('are not skipped backwards', () => {
    tallies.take('event', 9);
    tallies.skipTo('event', 3);
    expect(tallies.peek('event')).toBe(10);
  });
});

describe('counts', () => {
  test('are added up and written once', () => {
    tallies.add('r', 'app', 'pending', 3);
    tallies.move('r', 'app', 'pending', 'delivered');
    tallies.move('r', 'app', 'pending', 'dead');
    commit();
    tallies.move('r', 'app', 'dead', 'pending');
    commit();
    expect(counts()).toEqual([
      ['dead', 0],
      ['delivered', 1],
      ['pending', 2],
    ]);
  });

  test('are apart by route and target', () => {
    tallies.add('r', 'app', 'pending', 1);
    tallies.add('s', 'app', 'pending', 2);
    tallies.add('r', 'audit', 'pending', 4);
    commit();
    expect(db.prepare('SELECT sum(count) FROM delivery_counts').pluck().get()).toBe(7);
    expect(db.prepare("SELECT count FROM delivery_counts WHERE route = 's'").pluck().get()).toBe(2);
  });

  test('of a transaction that is undone are forgotten', () => {
    tallies.add('r', 'app', 'pending', 3);
    tallies.rollBack();
    tallies.add('r', 'app', 'pending', 1);
    commit();
    expect(counts()).toEqual([['pending', 1]]);
  });

  test('go back to a mark: a row that failed is not counted', () => {
    tallies.add('r', 'app', 'pending', 1);
    const restore = tallies.mark();
    tallies.add('r', 'app', 'pending', 5);
    tallies.add('r', 'app', 'filtered', 1);
    restore();
    commit();
    expect(counts()).toEqual([['pending', 1]]);
  });
});

describe('backlogs', () => {
  test('are told with the transaction that changes them, over all targets of the route', () => {
    tallies.add('r', 'app', 'pending', 2);
    tallies.add('r', 'audit', 'pending', 1);
    tallies.add('s', 'app', 'held', 1);
    tallies.write();
    expect(tallies.keep()).toEqual([['r', 3]]);
    tallies.move('r', 'app', 'pending', 'delivered');
    tallies.move('s', 'app', 'held', 'pending');
    tallies.write();
    expect(tallies.keep()).toEqual([
      ['r', 2],
      ['s', 1],
    ]);
    expect(tallies.keep()).toEqual([]);
    expect(new Tallies(db).backlogs()).toEqual([
      ['r', 2],
      ['s', 1],
    ]);
  });

  test('that come back to what they were are not told', () => {
    tallies.add('r', 'app', 'pending', 1);
    tallies.move('r', 'app', 'pending', 'delivered');
    tallies.write();
    expect(tallies.keep()).toEqual([]);
  });

  test('are those of what was committed', () => {
    tallies.add('r', 'app', 'pending', 3);
    tallies.rollBack();
    tallies.add('r', 'app', 'pending', 1);
    const restore = tallies.mark();
    tallies.add('r', 'app', 'pending', 5);
    tallies.add('s', 'app', 'pending', 5);
    restore();
    tallies.write();
    expect(tallies.keep()).toEqual([['r', 1]]);
    expect(tallies.backlogs()).toEqual([['r', 1]]);
  });
});
