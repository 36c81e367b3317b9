import { randomUUID } from 'node:crypto';
import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Database } from 'better-sqlite3';
import { HookbayError } from '../../domain/errors.ts';
import { ensureBallast } from './ballast.ts';
import { openWriter } from './connection.ts';
import { Contents } from './contents.ts';
import { networkFileSystemOf } from './file-system.ts';
import { type HighWater, HighWaterFile, highWaterFileOf, readHighWater } from './high-water.ts';
import { learnedSecrets } from './learned.ts';
import { lockDatabase } from './lock.ts';
import { migrate } from './migrate.ts';
import type { OpenReport, OpenRequest } from './protocol.ts';
import { openSeals } from './seals.ts';
import { nextNumber } from './tallies.ts';
import { openBreakers } from './target-states.ts';
import { Writer } from './writer.ts';

export interface OpenedDatabase {
  writer: Writer;
  report: OpenReport;
  /** Notes how far the database is committed. */
  mark(sequence: number, time: number): void;
  close(): void;
}

/**
 * Takes the lock, opens the file, finishes what an unclean stop left, migrates, and compares with the high-water
 * mark. Nothing here looks at single rows, so a million pending deliveries do not delay the start.
 * @throws HookbayError when the database cannot be trusted or is not ours to open
 */
export function openDatabase({ file, minFree, keys }: OpenRequest): OpenedDatabase {
  mkdirSync(dirname(file), { recursive: true });
  const unlock = lockDatabase(file);
  let opening: Database | null = null;
  try {
    const created = statSync(file, { throwIfNoEntry: false }) === undefined;
    const recovered = (statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0;
    const db = openWriter(file);
    opening = db;
    if (recovered) emptyLog(db, file);
    const migrationCopy = migrate(db, file);
    const databaseId = identify(db);
    const sealing = openSeals(db, keys, { created, nextEvent: nextNumber(db, 'event'), now: Date.now() });
    const contents = new Contents(db, keys, sealing);
    // The id must not be in the log only: a log that is lost could not be missed.
    if (created) emptyLog(db, file);
    const writer = new Writer(db, contents);
    const gap = compare(writer, databaseId, readHighWater(highWaterFileOf(file)));
    const highWater = new HighWaterFile(highWaterFileOf(file));
    if (gap?.otherDatabase === true) highWater.write({ databaseId, sequence: writer.lastEvent(), time: gap.lastAt }); // told once
    const report: OpenReport = {
      databaseId,
      created,
      migrationCopy,
      recovered,
      gap,
      missingKeys: sealing.missing,
      networkFileSystem: networkFileSystemOf(file),
      ballast: ensureBallast(file, minFree),
      paused: pausedTargets(db),
      openBreakers: openBreakers(db),
      backlogs: writer.backlogs(),
      learned: learnedSecrets(db, contents),
    };
    const close = (): void => {
      db.close();
      highWater.close();
      unlock();
    };
    return { writer, report, mark: (sequence, time) => highWater.write({ databaseId, sequence, time }), close };
  } catch (error) {
    opening?.close();
    unlock();
    throw error;
  }
}

/** A commit whose fsync failed can reappear from the log: what is in it is made part of the database before anyone is served. */
function emptyLog(db: Database, file: string): void {
  const [result] = db.pragma('wal_checkpoint(TRUNCATE)') as { busy: number }[];
  if (result?.busy === 0) return;
  throw new HookbayError({
    code: 'recovery_blocked',
    status: 500,
    message: `${file}: the write-ahead log of the last run cannot be finished while another program reads the database`,
    hint: 'Stop the program that has the database open (a backup, the sqlite3 shell), then start again.',
  });
}

function identify(db: Database): string {
  db.prepare("INSERT INTO meta VALUES ('database_id', ?) ON CONFLICT DO NOTHING").run(randomUUID());
  const row = db.prepare("SELECT value FROM meta WHERE key = 'database_id'").get() as { value: string };
  return row.value;
}

/**
 * Finds events that were acknowledged and are not there, and makes sure that their numbers are not given again. A mark
 * of another database says that the file was replaced or removed, and all that was in it.
 */
function compare(writer: Writer, databaseId: string, mark: HighWater | null): OpenReport['gap'] {
  if (mark === null || mark.sequence === 0) return null;
  if (mark.databaseId !== databaseId) return { from: 1, to: mark.sequence, lastAt: mark.time, otherDatabase: true };
  const last = writer.lastEvent();
  if (mark.sequence <= last) return null;
  writer.skipEvents(mark.sequence + 1);
  return { from: last + 1, to: mark.sequence, lastAt: mark.time, otherDatabase: false };
}

function pausedTargets(db: Database): OpenReport['paused'] {
  return db.prepare('SELECT name AS target, paused_at AS at, reason FROM paused_targets').all() as OpenReport['paused'];
}
