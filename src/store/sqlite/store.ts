import { once } from 'node:events';
import type { Worker } from 'node:worker_threads';
import type { NewAuditEntry } from '../../domain/audit.ts';
import type { Clock } from '../../domain/clock.ts';
import { HookbayError } from '../../domain/errors.ts';
import { auditLog } from './audit.ts';
import { Backups } from './backup.ts';
import { type BreakerStore, breakerStore } from './breaker-store.ts';
import type { CheckpointReport } from './checkpoints.ts';
import { SqliteDeletions } from './deletions.ts';
import { SqliteDeliveryQueue } from './delivery-queue.ts';
import { SqliteEventLog } from './event-log.ts';
import { GroupCommit } from './group-commit.ts';
import { StorageHealth } from './health.ts';
import { type History, historyOver } from './history.ts';
import { SqliteOperations, type TargetsOf } from './operations.ts';
import type { HandOff, StoreObserver } from './ports.ts';
import type { CommandResult, Configured, Freed, OpenReport, WriterMessage, WriterRequest } from './protocol.ts';
import { ReaderClient } from './reader-client.ts';
import type { ReaderMessage, ReaderRequest } from './reader-protocol.ts';
import { SqliteRejectionLog } from './rejection-log.ts';
import type { EncryptionKey } from './seals.ts';
import { type SecretStore, secretStore } from './secret-store.ts';
import { SqliteTaskWork } from './task-work.ts';
import { startThread } from './thread.ts';
import { type RetentionAges, Upkeep } from './upkeep.ts';

/** Above the alarm somebody keeps an old snapshot open or the disk is too slow; above the limit nothing more is taken. */
const WAL_ALARM_BYTES = 256 * 1024 * 1024;
const WAL_LIMIT_BYTES = 1024 * 1024 * 1024;

/** Heap limits of the threads in MiB: a batch is bounded by the bodies in flight, which lie outside the heap. */
const WRITER_HEAP_MIB = 128;
const READER_HEAP_MIB = 256;

export interface StoreOptions {
  /** Absolute path of the database file. */
  file: string;
  /** Bytes of free disk below which events are refused. */
  minFree: number;
  ages: RetentionAges;
  /** The first encrypts, all decrypt; left out or empty: nothing is encrypted. */
  encryption?: readonly EncryptionKey[];
  handOff: HandOff;
  observer: StoreObserver;
  clock: Clock;
  targetsOf: TargetsOf;
  /** What the configuration has now; null when anything goes. */
  configured: () => Configured | null;
}

export interface Store {
  report: OpenReport;
  log: SqliteEventLog;
  rejections: SqliteRejectionLog;
  queue: SqliteDeliveryQueue;
  history: History;
  operations: SqliteOperations;
  tasks: SqliteTaskWork;
  deletions: SqliteDeletions;
  upkeep: Upkeep;
  health: StorageHealth;
  /** Stores that a target is paused, so that it stays so over a restart. */
  pause(target: string, reason: string | null): Promise<void>;
  resume(target: string): Promise<void>;
  breakers: BreakerStore;
  secrets: SecretStore;
  backups: Backups;
  audit: { record(entry: NewAuditEntry): void };
  /** Resolves when the file or the disk under it can no longer be trusted: the process must end with an error. */
  broken: Promise<HookbayError>;
  /** Writes what is waiting and closes the files. */
  close(): Promise<void>;
}

/**
 * Opens the store with its two threads.
 * @throws HookbayError `database_locked`, `database_too_new`, `recovery_blocked`, or SQLite's own code
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { file, minFree, clock, observer, handOff, encryption: keys = [] } = options;
  const writer = startThread('writer-thread', { file, minFree, keys }, WRITER_HEAP_MIB);
  const report = await opened(writer);
  const reader = startThread('reader-thread', { file, minFree, keys }, READER_HEAP_MIB);
  await once(reader, 'message'); // it has loaded what it needs: later there may be no file descriptors for that
  const now = (): number => clock.now();
  const health = new StorageHealth((reasons) => observer.trouble(reasons));
  const commits = new GroupCommit(writer, now);
  const reads = new ReaderClient(reader);
  const broken = Promise.withResolvers<HookbayError>();
  const fail = (code: string, message: string): void => {
    const hint = 'The process ends, so that its supervisor starts it again over what is on disk.';
    const error = new HookbayError({ code, status: 503, message, hint });
    health.set('broken', true);
    commits.break(error);
    reads.close();
    broken.resolve(error);
  };
  const log = new SqliteEventLog(commits, health, handOff, () => clock.monotonic(), keys.length > 0);
  log.counted(report.backlogs);
  const queue = new SqliteDeliveryQueue(commits, observer, now, options.configured, handOff);
  const closing = listen(writer, reader, { commits, log, queue, reads, health, observer, fail });
  const rejections = new SqliteRejectionLog(commits, health);
  const upkeep = new Upkeep(commits, handOff, now, options.ages, observer);
  upkeep.start();
  const backups = new Backups(file, minFree);
  const deletions = new SqliteDeletions(commits, reads, handOff, observer, now);
  return {
    report,
    log,
    rejections,
    queue,
    history: historyOver(reads),
    operations: new SqliteOperations(commits, reads, handOff, now, options),
    tasks: new SqliteTaskWork(commits, reads, handOff, now, options.configured),
    deletions,
    upkeep,
    health,
    pause: async (target, reason) => mustBeStored(await commits.command({ kind: 'pause', target, reason, now: now() })),
    resume: async (target) => mustBeStored(await commits.command({ kind: 'resume', target })),
    breakers: breakerStore(commits, report.openBreakers),
    secrets: secretStore(commits, report.learned),
    backups,
    audit: auditLog(commits),
    broken: broken.promise,
    close: async () => {
      upkeep.close();
      await backups.close();
      deletions.close();
      await rejections.flush();
      await commits.flushed();
      commits.break(new HookbayError({ code: 'shutting_down', status: 503, message: 'The store is closed' }));
      log.close();
      await closing();
      reads.close();
    },
  };
}

async function opened(writer: Worker): Promise<OpenReport> {
  const [message] = (await once(writer, 'message')) as [WriterMessage];
  if (message.kind === 'opened') return message.report;
  const detail =
    message.kind === 'open-failed' ? message : { code: 'storage_failed', message: 'The store did not open', hint: undefined };
  const problem = { code: detail.code, status: 500, message: detail.message };
  throw new HookbayError(detail.hint === undefined ? problem : { ...problem, hint: detail.hint });
}

/** @throws HookbayError with SQLite's code when the command failed */
function mustBeStored(result: CommandResult): void {
  if (result.kind === 'failed') throw new HookbayError({ code: result.code, status: 500, message: result.message });
}

interface Parts {
  commits: GroupCommit;
  log: SqliteEventLog;
  queue: SqliteDeliveryQueue;
  reads: ReaderClient;
  health: StorageHealth;
  observer: StoreObserver;
  fail(code: string, message: string): void;
}

/** Joins the threads' messages to the parts. @returns what closes both threads, the reader first: the last one to close removes the log */
function listen(writer: Worker, reader: Worker, parts: Parts): () => Promise<void> {
  let closing = false;
  writer.on('message', (message: WriterMessage) => onWriter(message, parts));
  reader.on('message', (message: ReaderMessage) => onReader(message, parts));
  for (const [name, thread] of Object.entries({ writer, reader })) {
    thread.on('error', (error: Error) => parts.fail('storage_thread_failed', `The ${name} thread ended: ${error.message}`));
    thread.on('exit', () => {
      if (!closing) parts.fail('storage_thread_failed', `The ${name} thread ended`);
    });
  }
  return async () => {
    closing = true;
    for (const thread of [reader, writer]) {
      const exited = thread.threadId === -1 ? Promise.resolve() : once(thread, 'exit');
      thread.postMessage({ kind: 'close' } satisfies ReaderRequest & WriterRequest);
      await exited;
    }
  };
}

function onWriter(message: WriterMessage, { commits, log, queue, health, observer, fail }: Parts): void {
  health.set('commit_stalled', false);
  switch (message.kind) {
    case 'committed':
      observer.committed(message.ms / 1000, message.appends.length + message.settles.length + message.commands.length);
      log.counted(message.backlogs);
      handFreed(message.freed, queue);
      commits.answered(message);
      return;
    case 'refused':
      if (message.code === 'disk_full') health.set('disk_full', true);
      commits.answered(message);
      return;
    case 'broken':
      fail(message.code, message.message);
      return;
    case 'opened':
    case 'open-failed':
    case 'closed':
      return;
    default:
      message satisfies never;
  }
}

/** After the senders of the batch are answered, and after the room of those that have ended is free. */
function handFreed(freed: Freed | null, queue: SqliteDeliveryQueue): void {
  if (freed !== null) setImmediate(() => queue.freed(freed));
}

function onReader(message: ReaderMessage, parts: Parts): void {
  switch (message.kind) {
    case 'answer':
    case 'failed':
      parts.reads.answered(message);
      return;
    case 'disk':
      // After a full disk the ballast must be back before events are taken: it is the room to get out of the next one.
      if (message.ballast) parts.health.set('disk_full', false);
      parts.health.set('disk_low', message.free < message.minFree);
      return;
    case 'opened':
    case 'closed':
      return;
    default:
      onCheckpoint(message, parts);
  }
}

function onCheckpoint(message: CheckpointReport, { health, observer }: Parts): void {
  switch (message.kind) {
    case 'wal':
      break;
    case 'checkpointed':
      observer.checkpointed(message.ms / 1000);
      break;
    case 'checkpoint-failed':
      observer.checkpointFailed(message.code);
      health.set('checkpoint_failing', true);
      return;
    default:
      message satisfies never;
      return;
  }
  health.set('checkpoint_failing', false);
  observer.walSize(message.walBytes);
  health.set('wal_full', message.walBytes >= WAL_LIMIT_BYTES);
  if (message.walBytes >= WAL_ALARM_BYTES) observer.walAlarm(message.walBytes);
}
