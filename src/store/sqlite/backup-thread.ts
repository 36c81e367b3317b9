import { closeSync, fdatasyncSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import Sqlite from 'better-sqlite3';
import type { BackupMessage, BackupRequest } from './backup.ts';
import { errorCodeOf } from './sqlite-errors.ts';

/** Entry of the thread that copies the database: on a connection of its own, so that neither commits nor reads wait. */
const port = parentPort;
if (port === null) throw new Error('backup-thread runs as a worker');
const { file, copy } = workerData as BackupRequest;

/**
 * How much is copied before it is brought to the disk. Commits wait for whatever else is written there: beside
 * `VACUUM INTO`, which writes as fast as it can and syncs at its end, some waited for 4 s, and most of them for 30 ms.
 */
const PAGES_AT_ONCE = 64;

/** "File format write version" and "read version" of the header, and their value for a file without a log beside it (SQLite's file format, 1.3). */
const VERSIONS_AT = 18;
const NO_LOG = Buffer.from([1, 1]);

async function run(): Promise<BackupMessage> {
  const db = new Sqlite(file, { readonly: true, fileMustExist: true });
  let fd: number | null = null;
  try {
    // One transaction: all that was committed before it began, and nothing of what comes after. Without it the copy would
    // begin anew with every commit.
    db.exec('BEGIN');
    db.prepare('SELECT count(*) FROM sqlite_schema').get();
    await db.backup(copy, {
      progress: () => {
        fd ??= openSync(copy, 'r+');
        fdatasyncSync(fd);
        return PAGES_AT_ONCE;
      },
    });
    fd ??= openSync(copy, 'r+');
    writeSync(fd, NO_LOG, 0, NO_LOG.length, VERSIONS_AT); // whoever opens it leaves no files beside it
    fsyncSync(fd);
    return { kind: 'done' };
  } catch (error) {
    return { kind: 'failed', code: errorCodeOf(error), message: error instanceof Error ? error.message : String(error) };
  } finally {
    if (fd !== null) closeSync(fd);
    db.close();
  }
}

port.postMessage(await run());
