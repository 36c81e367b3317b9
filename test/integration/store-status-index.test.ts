import { expect, test } from 'vitest';
import { byIndex, INDEXED } from '../../src/store/sqlite/delivery-filter.ts';
import { openBareWriter } from '../support/bare-writer.ts';

/** How SQLite would go about it. */
function plan(sql: string): string {
  const bare = openBareWriter();
  try {
    const steps = bare.db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all() as { detail: string }[];
    return steps.map(({ detail }) => detail).join('; ');
  } finally {
    bare.remove();
  }
}

test.each([...INDEXED])('deliveries that are %s are found by an index, not by reading them all', (status) => {
  expect(plan(`SELECT event_seq FROM deliveries WHERE ${byIndex(status)} LIMIT 5`)).toContain('USING INDEX deliveries_');
  const listed = plan(
    `SELECT d.seq FROM deliveries d WHERE +d.seq < 9 AND ${byIndex(status, 'd.')} ORDER BY +d.seq DESC LIMIT 5`,
  );
  expect(listed).toMatch(/USING (COVERING )?INDEX deliveries_/);
});

test('without the condition of the index SQLite does not use it', () => {
  expect(plan("SELECT event_seq FROM deliveries WHERE status = 'dead' LIMIT 5")).toBe('SCAN deliveries');
});
