import type { AttemptTrigger, Settlement } from '../../domain/attempt.ts';
import type { NewAuditEntry } from '../../domain/audit.ts';
import type { DeliveryStatus, Lease } from '../../domain/delivery.ts';
import type { NewRejection } from '../../domain/event.ts';
import type { Configured, DueChange } from './command-parts.ts';
import type { LearnedRow } from './learned.ts';
import type { RetentionLimits } from './retention-rules.ts';
import type { EncryptionKey } from './seals.ts';
import type { OpenBreakerRow } from './target-states.ts';
import type { IdempotencyMark, TaskCommand, TaskResult } from './task-protocol.ts';

export type { Configured, DueChange };

/** What goes between the main thread and the writer thread. Events are numbers here; ids are made at the edge. */

export type AppendDelivery =
  /**
   * Claimed from the start, when the dispatcher has room for it; without a lease it is left to be leased. One with a delay has
   * none, and is due so many ms after its event was received.
   */
  | { kind: 'pending'; target: string; lease: Lease | null; delayMs?: number; orderingKey?: string }
  | { kind: 'filtered'; target: string; reason: string }
  | { kind: 'held'; target: string; reason: string; orderingKey?: string };

/** How many deliveries of a route are pending. */
export type RouteBacklog = readonly [route: string, pending: number];

/** An event whose head and body lie one after the other in the batch's bytes. */
export interface AppendRow {
  receivedAt: number;
  route: string;
  type: string | null;
  dedupKey: string | null;
  dedupWindowMs: number;
  headLength: number;
  bodyLength: number;
  deliveries: AppendDelivery[];
}

export interface SettleRow {
  delivery: number;
  lease: Lease;
  outcome: Settlement;
  /** The attempt as JSON, as it is kept; null when a filter made it needless. */
  attempt: string | null;
}

export interface ReleaseRow {
  delivery: number;
  lease: Lease;
}

export type OperatorChange = 'retry' | 'cancel' | 'discard' | 'release';

/** What a dead letter does to the deliveries behind it: they wait for an operator, or they go on. */
export type OnDead = 'block' | 'skip';

/** A target with ordering, and what a dead letter does to the deliveries behind it. */
export type OrderedTarget = readonly [target: string, onDead: OnDead];

/** Everything rarer than appends and settles. Each runs in the batch's transaction, in a savepoint of its own. */
export type Command =
  | { kind: 'lease'; target: string; deliveries: number; bytes: number; configured: Configured | null; now: number }
  | { kind: 'operate'; change: OperatorChange; delivery: number; now: number }
  | { kind: 'replay-event'; event: number; targets: string[]; once: IdempotencyMark | null; now: number }
  | { kind: 'pause'; target: string; reason: string | null; now: number }
  | { kind: 'resume'; target: string }
  | { kind: 'breaker'; target: string; breaker: OpenBreakerRow | null }
  | { kind: 'learn'; row: LearnedRow }
  | { kind: 'forget'; route: string }
  | { kind: 'audit'; entry: NewAuditEntry }
  | { kind: 'reject'; rejections: NewRejection[] }
  | { kind: 'shift-due'; byMs: number; after: DuePlace | null; now: number }
  | { kind: 'reconcile'; targets: string[]; routes: string[]; ordered: OrderedTarget[]; now: number; restart: boolean }
  | ({ kind: 'retain'; now: number; restart: boolean } & RetentionLimits)
  | { kind: 'delete-events'; events: number[]; now: number }
  | { kind: 'delete-rejections'; rejections: number[] }
  | TaskCommand;

export interface LeasedRow {
  delivery: number;
  createdAt: number;
  lease: Lease;
  target: string;
  attempts: number;
  budgetStart: number;
  budgetSpentMs: number;
  trigger: AttemptTrigger;
  event: {
    seq: number;
    route: string;
    type: string | null;
    receivedAt: number;
    head: Uint8Array;
    body: Uint8Array;
  };
}

/** A delivery whose event is not what was accepted. */
export interface DamagedRow {
  delivery: number;
  createdAt: number;
}

/** A pending delivery in the order of targets and due times. */
export interface DuePlace {
  target: string;
  dueAt: number;
  seq: number;
}

/** What each command answers. */
export type CommandResult =
  | { kind: 'leased'; rows: LeasedRow[]; nextDueAt: number | null; damaged: DamagedRow[]; cutShort?: boolean }
  | { kind: 'operated'; due: DueChange | null }
  | { kind: 'missing' }
  | { kind: 'gone' }
  | { kind: 'body-gone' }
  | { kind: 'refused'; code: 'attempt_running' | 'wrong_status'; status: DeliveryStatus }
  | { kind: 'moved'; moved: number; due: DueChange[]; finished: boolean }
  | { kind: 'shifted'; moved: number; due: DueChange[]; last: DuePlace | null }
  /** `evicted` of the removed for want of room; `overfull`: nothing is left that may go, and it is still too large. */
  | { kind: 'retained'; removed: number; scanned: number; finished: boolean; evicted: number; overfull: boolean }
  | { kind: 'deleted'; deleted: number; cancelled: { delivery: number; createdAt: number }[] }
  | TaskResult
  | { kind: 'ok' }
  | { kind: 'failed'; code: string; message: string };

export interface Batch {
  kind: 'batch';
  appends: AppendRow[];
  /** Heads and bodies of the appends, in order. */
  bytes: ArrayBuffer;
  settles: SettleRow[];
  releases: ReleaseRow[];
  commands: Command[];
  /** Wall ms. */
  now: number;
}

/** Deliveries whose turn in the order of their key has come with this transaction. */
export interface Freed {
  /** Leased at once. */
  rows: LeasedRow[];
  damaged: DamagedRow[];
  /** Targets of the others, which are due and wait to be leased. */
  woken: DueChange[];
}

/**
 * Per append: accepted with its numbers (`blocked`: which of its deliveries are not leased, whatever was asked for, because
 * others of their ordering key go first), a duplicate of `event`, or a row that could not be stored.
 */
export type Appended =
  | { kind: 'accepted'; event: number; firstDelivery: number; blocked?: readonly number[] }
  | { kind: 'duplicate'; event: number; receivedAt: number; conflict: boolean }
  | { kind: 'refused'; message: string };

export type BatchResult =
  | {
      kind: 'committed';
      appends: Appended[];
      /** Per settle: false where the lease was gone. */
      settles: boolean[];
      commands: CommandResult[];
      /** Null when there are none. */
      freed: Freed | null;
      /** Of the routes in which it has changed. */
      backlogs: RouteBacklog[];
      /** Time of the transaction, commit included. */
      ms: number;
    }
  | { kind: 'refused'; code: 'disk_full' | 'busy'; message: string }
  | { kind: 'broken'; code: string; message: string };

export interface OpenRequest {
  file: string;
  minFree: number;
  /** Secrets: never to be logged or shown. */
  keys: readonly EncryptionKey[];
}

/** What was found and done at the start. */
export interface OpenReport {
  databaseId: string;
  created: boolean;
  /** Copy made before a migration. */
  migrationCopy: string | null;
  /** Whether the last process left a write-ahead log behind. */
  recovered: boolean;
  /**
   * Events that were committed once and are not in the database: the first and last sequence and the time of the last.
   * With `otherDatabase` the whole file is not the one that was here before.
   */
  gap: { from: number; to: number; lastAt: number; otherDatabase: boolean } | null;
  /** Ids of keys under which events are encrypted and that are not configured. */
  missingKeys: readonly string[];
  networkFileSystem: string | null;
  ballast: boolean;
  paused: { target: string; at: number; reason: string | null }[];
  openBreakers: [target: string, breaker: OpenBreakerRow][];
  /** Of every route that ever had one. */
  backlogs: RouteBacklog[];
  /** Secrets: never to be logged or shown. */
  learned: LearnedRow[];
}

export type WriterMessage =
  | { kind: 'opened'; report: OpenReport }
  | { kind: 'open-failed'; code: string; message: string; hint: string | undefined }
  | { kind: 'closed' }
  | BatchResult;
export type WriterRequest = Batch | { kind: 'close' };
