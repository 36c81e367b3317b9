import { closeSync, fsyncSync, openSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import Sqlite from 'better-sqlite3';
import type { BackupMessage, BackupRequest } from './backup.ts';
import { errorCodeOf } from './sqlite-errors.ts';

/** Entry of the thread that copies the database: on a connection of its own, so that neither commits nor reads wait. */
const port = parentPort;
if (port === null) throw new Error('backup-thread runs as a worker');
const { file, copy } = workerData as BackupRequest;

function run(): BackupMessage {
  const db = new Sqlite(file, { readonly: true, fileMustExist: true });
  try {
    // One transaction: all that was committed before it began, and nothing of what comes after.
    db.prepare('VACUUM INTO ?').run(copy);
  } catch (error) {
    return { kind: 'failed', code: errorCodeOf(error), message: error instanceof Error ? error.message : String(error) };
  } finally {
    db.close();
  }
  const fd = openSync(copy, 'r');
  fsyncSync(fd);
  closeSync(fd);
  return { kind: 'done' };
}

port.postMessage(run());
