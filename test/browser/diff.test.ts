import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EventDetail } from '../../src/dashboard/api/types.ts';
import { type DiffRow, diffRows, folded } from '../../src/dashboard/words/diff.ts';
import { eventCurl } from '../../src/dashboard/words/event-curl.ts';
import { startReceiver } from '../support/receiver.ts';

const kinds = (rows: readonly DiffRow[]) => rows.map(({ kind }) => kind[0]).join('');
const side = (rows: readonly DiffRow[], which: 'left' | 'right') => rows.flatMap((row) => row[which]?.text ?? []).join('\n');

/** The length of the longest common subsequence, the slow and certain way. */
function common(a: readonly string[], b: readonly string[]): number {
  const best = a.map(() => new Array<number>(b.length + 1).fill(0));
  best.push(new Array<number>(b.length + 1).fill(0));
  for (let x = a.length - 1; x >= 0; x -= 1) {
    for (let y = b.length - 1; y >= 0; y -= 1) {
      const row = best[x] as number[];
      const below = best[x + 1] as number[];
      row[y] = a[x] === b[y] ? (below[y + 1] ?? 0) + 1 : Math.max(below[y] ?? 0, row[y + 1] ?? 0);
    }
  }
  return best[0]?.[0] ?? 0;
}

describe('two bodies side by side', () => {
  it('say line by line what changed, came and went', () => {
    const rows = diffRows('{\n  "a": 1,\n  "b": 2,\n  "c": 3\n}', '{\n  "a": 1,\n  "b": 20,\n  "c": 3,\n  "d": 4\n}');
    expect(kinds(rows)).toBe('ssccas');
    expect(rows[2]).toEqual({
      kind: 'changed',
      left: { number: 3, text: '  "b": 2,' },
      right: { number: 3, text: '  "b": 20,' },
    });
    expect(kinds(diffRows('a\nb\nc', 'a\nc'))).toBe('srs');
    expect(kinds(diffRows('a\nc', 'a\nb\nc'))).toBe('sas');
    expect(kinds(diffRows('same', 'same'))).toBe('s');
  });

  it('lose nothing, and find as many equal lines as there are', () => {
    const text = fc.array(fc.constantFrom('a', 'b', 'c', '{', '}'), { minLength: 1, maxLength: 14 });
    fc.assert(
      fc.property(text, text, (a, b) => {
        const rows = diffRows(a.join('\n'), b.join('\n'));
        expect([side(rows, 'left'), side(rows, 'right')]).toEqual([a.join('\n'), b.join('\n')]);
        expect(rows.filter(({ kind }) => kind === 'same').length).toBe(common(a, b));
      }),
      { numRuns: 300 },
    );
  });

  it('take no time and memory without end when everything differs', () => {
    const lines = (name: string) => Array.from({ length: 30_000 }, (_, n) => `${name}${n}`).join('\n');
    const started = performance.now();
    const rows = diffRows(`{\n${lines('a')}\n}`, `{\n${lines('b')}\n}`);
    expect([rows.length, rows[0]?.kind, rows[1]?.kind, rows.at(-1)?.kind]).toEqual([30_002, 'same', 'changed', 'same']);
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  it('fold long runs of equal lines away, but for some around what differs', () => {
    const lines = Array.from({ length: 40 }, (_, n) => `line ${n}`);
    const parts = folded(diffRows(lines.join('\n'), lines.with(20, 'other').join('\n')));
    expect(parts.map(({ kind, rows }) => [kind, rows.length])).toEqual([
      ['equal', 17],
      ['rows', 7],
      ['equal', 16],
    ]);
    expect(folded(diffRows('a\nb\nc', 'a\nx\nc')).length).toBe(1);
  });
});

describe('an event as a curl command', () => {
  const event: EventDetail = {
    ...{ id: 'evt_1', route: 'r', type: 'T', dedupKey: 'k', receivedAt: '', method: 'POST', path: "/it's", query: 'a=%20b&c' },
    ...{
      peer: '',
      contentType: 'application/json',
      size: 9,
      sha256: '',
      bodyGone: false,
      duplicates: 0,
      conflicts: 0,
      deliveries: [],
    },
    headers: [
      ['Host', 'elsewhere.example'],
      ['Content-Type', 'application/json'],
      ['X-Note', `it's $HOME "quoted"`],
      ['X-Empty', ''],
      ['Content-Length', '9'],
    ],
  };

  it('sends the same request again, whatever is in it', async () => {
    const receiver = await startReceiver({ kind: 'answer', status: 200, body: 'ok' });
    const text = `{"a":"it's\n$HOME \`x\` \\u0000"}`;
    const line = eventCurl(event, receiver.url, { text, url: 'http://relay/body' });
    // Not spawnSync: the receiver lives in this process.
    await once(spawn('sh', ['-c', line], { stdio: 'ignore' }), 'exit');
    const [got] = receiver.received;
    expect([got?.method, got?.url, got?.body.toString()]).toEqual(['POST', "/it's?a=%20b&c", text]);
    expect(got?.headers).toMatchObject({ 'content-type': 'application/json', 'x-note': `it's $HOME "quoted"`, 'x-empty': '' });
    await receiver.close();
  });

  it('takes what is no text from the relay', () => {
    const line = eventCurl(event, 'http://h', { text: null, url: 'http://relay/api/v1/events/evt_1/body' });
    expect(line).toMatch(/^curl -sS 'http:\/\/relay\/api\/v1\/events\/evt_1\/body' \| curl .*--data-binary @-$/s);
  });
});
