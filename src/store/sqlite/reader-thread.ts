import { parentPort, workerData } from 'node:worker_threads';
import { HookbayError } from '../../domain/errors.ts';
import { ensureBallast, freeBytes } from './ballast.ts';
import { Checkpoints } from './checkpoints.ts';
import { openReader } from './connection.ts';
import { Contents } from './contents.ts';
import { DeletionHistory } from './history-deletions.ts';
import { DeliveryHistory } from './history-deliveries.ts';
import { EventHistory } from './history-events.ts';
import { ExportHistory } from './history-exports.ts';
import { RecordHistory } from './history-records.ts';
import type { ReaderMessage, ReaderRequest, ReaderSettings, Reads } from './reader-protocol.ts';
import { errorCodeOf } from './sqlite-errors.ts';

/** Entry of the thread for bounded reads, checkpoints and the look at the disk. */
const CHECKPOINT_TICK_MS = 50;
const DISK_TICK_MS = 1_000;

const port = parentPort;
if (port === null) throw new Error('reader-thread runs as a worker');
const { file, minFree, keys } = workerData as ReaderSettings;
const say = (message: ReaderMessage): void => port.postMessage(message);

const db = openReader(file);
const checkpoints = new Checkpoints(db);
const contents = new Contents(db, keys);
const deliveries = new DeliveryHistory(db, contents);
const events = new EventHistory(db, deliveries, contents);
const records = new RecordHistory(db, contents);
const exports = new ExportHistory(db, events);
const deletions = new DeletionHistory(db, events, records);

const reads: { [Name in keyof Reads]: (...args: Parameters<Reads[Name]>) => ReturnType<Reads[Name]> } = {
  events: (...args) => events.list(...args),
  event: (...args) => events.get(...args),
  feed: (...args) => events.feed(...args),
  search: (...args) => events.search(...args),
  body: (...args) => events.body(...args),
  routeOf: (...args) => events.routeOf(...args),
  deliveries: (...args) => deliveries.list(...args),
  delivery: (...args) => deliveries.get(...args),
  views: (...args) => deliveries.views(...args),
  match: (...args) => deliveries.match(...args),
  matchedRows: (...args) => deliveries.matchedRows(...args),
  targetCounts: (...args) => deliveries.targetCounts(...args),
  rejections: (...args) => records.rejections(...args),
  audit: (...args) => records.audit(...args),
  tasks: (...args) => records.tasks(...args),
  task: (...args) => records.task(...args),
  openTasks: (...args) => records.openTasks(...args),
  callbacksDue: (...args) => records.callbacksDue(...args),
  keptExports: (...args) => records.keptExports(...args),
  remembered: (...args) => records.remembered(...args),
  matchedEvents: (...args) => exports.matchedEvents(...args),
  exportBatch: (...args) => exports.exportBatch(...args),
  deletable: (...args) => deletions.deletable(...args),
  deletionPlace: (...args) => deletions.deletionPlace(...args),
  deletionStep: (...args) => deletions.deletionStep(...args),
  deletionPreview: (...args) => deletions.deletionPreview(...args),
  rejectionsLike: (...args) => deletions.rejectionsLike(...args),
  emptyLog: () => checkpoints.empty(),
};

function answer(id: number, name: keyof Reads, args: unknown[]): ReaderMessage {
  try {
    // The client is typed by the same table, so the arguments fit the name.
    const read = reads[name] as (...args: unknown[]) => unknown;
    return { kind: 'answer', id, value: read(...args) };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (error instanceof HookbayError) {
      return { kind: 'failed', id, code: error.code, status: error.status, message, hint: error.hint };
    }
    return {
      kind: 'failed',
      id,
      code: 'storage_read_failed',
      status: 503,
      message: `${errorCodeOf(error)}: ${message}`,
      hint: undefined,
    };
  }
}

function lookAtDisk(): void {
  // The ballast first: while it is missing its bytes are not free, whatever statfs says.
  const ballast = ensureBallast(file, minFree);
  say({ kind: 'disk', free: freeBytes(file), minFree, ballast });
}

let saidWalBytes = -1;
function lookAtLog(): void {
  const report = checkpoints.tick();
  if (report.kind === 'wal' && report.walBytes === saidWalBytes) return;
  saidWalBytes = report.kind === 'checkpoint-failed' ? -1 : report.walBytes;
  say(report);
}

const checkpointTimer = setInterval(lookAtLog, CHECKPOINT_TICK_MS);
const diskTimer = setInterval(lookAtDisk, DISK_TICK_MS);

say({ kind: 'opened' });
port.on('message', (request: ReaderRequest) => {
  if (request.kind === 'read') {
    say(answer(request.id, request.name, request.args));
    return;
  }
  clearInterval(checkpointTimer);
  clearInterval(diskTimer);
  db.close();
  say({ kind: 'closed' });
  port.close();
});
