import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type HighWater, HighWaterFile, highWaterFileOf, readHighWater } from '../../src/store/sqlite/high-water.ts';

const mark: HighWater = { databaseId: 'b4d5a0c2-3f6e-4a54-9f2c-000000000001', sequence: 41, time: 1_700_000_000_000 };

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hookbay-highwater-'));
  file = join(folder, 'hookbay.highwater');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(...marks: HighWater[]): void {
  const opened = new HighWaterFile(file);
  for (const each of marks) expect(opened.write(each)).toBe(true);
  opened.close();
}

describe('the high-water mark', () => {
  test('lies beside its database', () => {
    expect(highWaterFileOf('/data/hookbay.db')).toBe('/data/hookbay.highwater');
    expect(highWaterFileOf('/data/store')).toBe('/data/store.highwater');
  });

  test('comes back as it was written, the last one counts', () => {
    const later = { ...mark, sequence: Number.MAX_SAFE_INTEGER, time: 1_800_000_000_000 };
    write(mark, later);
    expect(readHighWater(file)).toEqual(later);
  });

  test('opening the file again leaves it alone until the next mark', () => {
    write(mark);
    write();
    expect(readHighWater(file)).toEqual(mark);
  });

  test('a smaller number leaves nothing of a larger one behind', () => {
    write({ ...mark, sequence: 123_456_789 }, { ...mark, sequence: 1 });
    expect(readHighWater(file)).toEqual({ ...mark, sequence: 1 });
  });

  test('a file that cannot be written raises no error', () => {
    const opened = new HighWaterFile(file);
    opened.close();
    expect(opened.write(mark)).toBe(false);
  });
});

describe('is none', () => {
  test('without a file, or with an empty one', () => {
    expect(readHighWater(file)).toBeNull();
    write();
    expect(readHighWater(file)).toBeNull();
  });

  test('when it is torn at any place', () => {
    write(mark);
    const whole = readFileSync(file);
    for (let length = 0; length < whole.length; length += 1) {
      writeFileSync(file, whole.subarray(0, length));
      expect(readHighWater(file)).toBeNull();
    }
  });

  test('when a bit of it is altered', () => {
    write(mark);
    const whole = readFileSync(file);
    for (let bit = 0; bit < whole.length * 8; bit += 1) {
      const altered = Buffer.from(whole);
      altered[bit >> 3] = (altered[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      writeFileSync(file, altered);
      expect(readHighWater(file), `bit ${bit}`).toBeNull();
    }
  });

  test('when the start of one mark stands before the end of another', () => {
    write(mark);
    const before = readFileSync(file);
    write({ ...mark, sequence: 42_000_000 });
    const after = readFileSync(file);
    writeFileSync(file, Buffer.concat([after.subarray(0, 50), before.subarray(50)]));
    expect(readHighWater(file)).toBeNull();
  });
});
