import type { CheckpointReport } from './checkpoints.ts';
import type { DeletionHistory } from './history-deletions.ts';
import type { DeliveryHistory } from './history-deliveries.ts';
import type { EventHistory } from './history-events.ts';
import type { ExportHistory } from './history-exports.ts';
import type { RecordHistory } from './history-records.ts';
import type { EncryptionKey } from './seals.ts';

/** The reads that the reader thread answers, by name. */
export interface Reads {
  events: EventHistory['list'];
  event: EventHistory['get'];
  feed: EventHistory['feed'];
  search: EventHistory['search'];
  body: EventHistory['body'];
  routeOf: EventHistory['routeOf'];
  deliveries: DeliveryHistory['list'];
  delivery: DeliveryHistory['get'];
  views: DeliveryHistory['views'];
  match: DeliveryHistory['match'];
  matchedRows: DeliveryHistory['matchedRows'];
  targetCounts: DeliveryHistory['targetCounts'];
  rejections: RecordHistory['rejections'];
  audit: RecordHistory['audit'];
  tasks: RecordHistory['tasks'];
  task: RecordHistory['task'];
  openTasks: RecordHistory['openTasks'];
  callbacksDue: RecordHistory['callbacksDue'];
  keptExports: RecordHistory['keptExports'];
  remembered: RecordHistory['remembered'];
  matchedEvents: ExportHistory['matchedEvents'];
  exportBatch: ExportHistory['exportBatch'];
  deletable: DeletionHistory['deletable'];
  deletionPlace: DeletionHistory['deletionPlace'];
  deletionStep: DeletionHistory['deletionStep'];
  deletionPreview: DeletionHistory['deletionPreview'];
  rejectionsLike: DeletionHistory['rejectionsLike'];
  /** No read, but this connection's work: moves all of the log into the database and cuts it off. False: somebody holds it. */
  emptyLog: () => boolean;
}

export interface ReaderSettings {
  file: string;
  minFree: number;
  /** Secrets. */
  keys: readonly EncryptionKey[];
}

export type ReaderRequest = { kind: 'read'; id: number; name: keyof Reads; args: unknown[] } | { kind: 'close' };

export type ReaderMessage =
  | { kind: 'opened' }
  | { kind: 'answer'; id: number; value: unknown }
  | { kind: 'failed'; id: number; code: string; status: number; message: string; hint: string | undefined }
  | { kind: 'disk'; free: number; minFree: number; ballast: boolean }
  | { kind: 'closed' }
  | CheckpointReport;
