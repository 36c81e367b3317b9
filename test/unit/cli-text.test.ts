import { describe, expect, it } from 'vitest';
import type { DeliveryItem } from '../../src/cli/admin-types.ts';
import type { Output } from '../../src/cli/context.ts';
import { attemptTable, deliveryTable } from '../../src/cli/delivery-view.ts';
import { progressBar } from '../../src/cli/progress.ts';
import { statusWords } from '../../src/cli/status-words.ts';
import { facts, table } from '../../src/cli/table.ts';
import { byteSize, printable, relativeTime } from '../../src/cli/text.ts';
import { spokenTime } from '../../src/domain/spoken-time.ts';
import { statusesWhere } from '../../src/domain/status-rules.ts';

function output(changes: Partial<Output> = {}): Output & { text: string } {
  return {
    text: '',
    write(chunk) {
      this.text += chunk;
    },
    isTTY: false,
    columns: 80,
    colour: false,
    ...changes,
  };
}

const columns = [
  { title: 'NAME', cell: (row: { name: string; count: number }) => row.name },
  { title: 'COUNT', cell: (row: { name: string; count: number }) => String(row.count), align: 'right' as const },
  { title: 'NOTE', cell: () => 'x'.repeat(30) },
];
const rows = [
  { name: 'app', count: 7 },
  { name: 'audit-log', count: 1234 },
];

describe('a table', () => {
  it('aligns its columns and cuts nothing in a pipe', () => {
    expect(table(output({ columns: 10 }), columns, rows)).toBe(
      ['NAME       COUNT  NOTE', `app            7  ${'x'.repeat(30)}`, `audit-log   1234  ${'x'.repeat(30)}`, ''].join('\n'),
    );
  });

  it('is never wider than the terminal', () => {
    for (const width of [5, 9, 12, 20, 24, 40]) {
      const lines = table(output({ isTTY: true, columns: width }), columns, rows).split('\n');
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(width);
    }
  });

  it('colours cells without moving them', () => {
    const painted = [
      {
        ...columns[0],
        title: 'NAME',
        cell: (row: { name: string }) => row.name,
        paint: (_: unknown, text: string) => `\u001b[31m${text}\u001b[39m`,
      },
    ];
    const lines = table(output({ colour: true }), painted, rows).split('\n');
    expect(lines[1]).toBe('\u001b[31mapp\u001b[39m');
    expect(lines[0]).toContain('\u001b[1m');
  });

  it('lets no control character of a sender through', () => {
    const hostile = [{ name: 'a\u001b[2Jb\nc', count: 1 }];
    const text = table(output(), columns, hostile);
    expect(text).toContain('a\ufffd[2Jb\ufffdc');
    expect(text.split('\n')).toHaveLength(3);
  });
});

describe('facts', () => {
  it('leaves out what is not there', () => {
    expect(
      facts(output(), [
        ['event', 'evt_1'],
        ['finished', null],
        ['id', 'x'],
      ]),
    ).toBe('event  evt_1\nid     x\n');
  });
});

describe('relative times', () => {
  const now = Date.parse('2026-03-20T12:00:00.000Z');
  it.each([
    ['2026-03-20T12:00:00.400Z', 'now'],
    ['2026-03-20T11:59:48.000Z', '12s ago'],
    ['2026-03-20T11:00:30.000Z', '59m ago'],
    ['2026-03-20T15:00:00.000Z', 'in 3h'],
    ['2026-03-10T12:00:00.000Z', '10d ago'],
    ['not a time\n', 'not a time\ufffd'],
  ])('%j is %j', (iso, text) => expect(relativeTime(iso, now)).toBe(text));
});

describe('sizes', () => {
  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1536, '1.5 KiB'],
    [10 * 1024 * 1024, '10.0 MiB'],
    [5 * 1024 ** 4, '5120.0 GiB'],
  ])('%d bytes are %j', (bytes, text) => expect(byteSize(bytes)).toBe(text));
});

describe('printable', () => {
  it('takes the text direction away from senders', () => expect(printable('a\u202eb')).toBe('a\ufffdb'));
});

describe('the progress bar', () => {
  it('says nothing in a pipe', () => {
    const pipe = output();
    const bar = progressBar(pipe);
    bar.show(1, 2);
    bar.end();
    expect(pipe.text).toBe('');
  });

  it('redraws one line of a terminal and leaves it empty', () => {
    const terminal = output({ isTTY: true, columns: 40 });
    const bar = progressBar(terminal);
    bar.show(1, 2);
    expect(terminal.text).toContain('50 %  1/2');
    expect(terminal.text).not.toContain('\n');
    expect(terminal.text.replace('\r\u001b[2K', '').length).toBeLessThanOrEqual(40);
    bar.end();
    expect(terminal.text.endsWith('\r\u001b[2K')).toBe(true);
  });
});

const failed = {
  number: 1,
  trigger: 'initial' as const,
  startedAt: '2026-03-20T14:30:00.000Z',
  durationMs: 1,
  outcome: 'retry' as const,
  statusCode: 500,
  error: { code: 'target_status', message: 'answered 500' },
  response: { headers: [], body: 'out of order\n', truncated: false },
};

describe('a delivery', () => {
  it("shows a failed attempt's answer without the line breaks around it", () => {
    const stdout = output();
    const text = attemptTable({ stdout }, [failed]);
    expect(text.split('\n')[1]).toMatch(/answered 500: out of order$/);
  });

  const delivery: DeliveryItem = {
    ...{ id: 'dlv_1', eventId: 'evt_1', route: 'shop', target: 'app', status: 'pending', reason: null, attempts: 1 },
    ...{ maxAttempts: 5, nextAttemptAt: null, createdAt: failed.startedAt, finishedAt: null, orderingKey: null, waitsFor: null },
    lastAttempt: failed,
  };
  const row = (changes: Partial<DeliveryItem>, stdout = output(), shown = {}): string =>
    deliveryTable({ stdout }, [{ ...delivery, ...changes }], shown).split('\n')[1] ?? '';

  it.each<[Partial<DeliveryItem>, RegExp]>([
    [{ status: 'held', reason: 'target_removed' }, / - {5}target_removed \(answered 500: out of order\)$/],
    [{ status: 'held', reason: 'schema_invalid: /a', lastAttempt: null }, / schema_invalid: \/a$/],
    [{ status: 'dead', reason: 'dead_on_status' }, / dead_on_status \(answered 500: out of order\)$/],
    [{ status: 'dead', reason: 'attempts_exhausted' }, / {2}answered 500: out of order$/],
    [{ status: 'dead', reason: 'target_status' }, / {2}answered 500: out of order$/],
    [{ reason: 'target_status', nextAttemptAt: failed.startedAt }, / due {3}answered 500: out of order$/],
    [{ status: 'delivering', nextAttemptAt: failed.startedAt }, / now {3}answered/],
    [{ nextAttemptAt: '9999-01-01T00:00:00.000Z' }, / in \d+d {2}answered/],
    [{ waitsFor: 'dlv_0' }, / after dlv_0 {2}answered/],
  ])('%j is told in its line', (changes, line) => expect(row(changes)).toMatch(line));

  it('names event and route where there is room, and where they are not the same for all', () => {
    expect(row({})).toMatch(/^dlv_1 +evt_1 +shop +app /);
    expect(row({}, output({ isTTY: true, columns: 150 }))).toMatch(/^dlv_1 +evt_1 +shop +app /);
    expect(row({}, output({ isTTY: true, columns: 140 }))).toMatch(/^dlv_1 +evt_1 +app /);
    expect(row({}, output({ isTTY: true, columns: 100 }))).toMatch(/^dlv_1 +app /);
    expect(row({}, output(), { isOneEvent: true })).toMatch(/^dlv_1 +app /);
  });
});

describe('a length of time', () => {
  it.each([
    [0, '0ms'],
    [300, '300ms'],
    [4_800, '4.8s'],
    [59_999, '1m'],
    [60_000, '1m'],
    [90_400, '1m 30s'],
    [3_599_700, '1h'],
    [20_480_000, '5h 41m'],
    [86_399_000, '1d'],
    [256_000_000, '2d 23h'],
    [2_592_000_000, '30d'],
  ])('%d ms is %s', (ms, words) => {
    expect(spokenTime(ms)).toBe(words);
  });
});

describe('statuses in words', () => {
  it.each([
    [() => true, 'every status but 2xx'],
    [() => false, 'none'],
    [(status: number) => status >= 500 && status !== 501 && status !== 503, '5xx (not 501, 503)'],
    [(status: number) => status < 400 || status === 408 || (status >= 420 && status <= 429), '3xx, 408, 420-429'],
  ])('%s: %s', (holds, words) => {
    expect(statusWords(statusesWhere(holds))).toBe(words);
  });
});
