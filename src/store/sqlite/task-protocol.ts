import type { DeliveryStatus } from '../../domain/delivery.ts';
import type { Configured, DueChange } from './command-parts.ts';

/** What goes between the main thread and the writer thread about tasks. */

export type TaskKind = 'replay' | 'export';

/** What a task will touch: a delivery and what it was when it was matched, or an event. */
export interface MatchedItem {
  seq: number;
  status: DeliveryStatus | 'event';
}

/** A request that may come again: with the same key it is the same request. */
export interface IdempotencyMark {
  /** Method and path. */
  scope: string;
  key: string;
  /** Hex. */
  bodySha256: string;
}

/** Where an export stands: how many of its items are in the first `bytes` of its file. */
export interface ExportPosition {
  position: number;
  bytes: number;
  restarts: number;
}

/** Why a task failed. */
export interface TaskError {
  code: string;
  message: string;
}

export type TaskCommand =
  | {
      kind: 'task-create';
      task: TaskKind;
      request: string;
      callbackUrl: string | null;
      once: IdempotencyMark | null;
      now: number;
    }
  | { kind: 'task-items'; task: number; items: MatchedItem[]; first: boolean; last: boolean }
  | { kind: 'task-step'; task: number; limit: number; configured: Configured | null; now: number }
  | { kind: 'task-finish'; task: number; status: 'cancelled'; now: number }
  | { kind: 'task-finish'; task: number; status: 'failed'; error: TaskError; now: number }
  | { kind: 'export-advance'; task: number; from: ExportPosition; done: number; failed: number; bytes: number; now: number }
  | { kind: 'exports-drop' }
  | { kind: 'callback-settled'; task: number; state: 'told' | 'given_up' };

/** What was done for a request with an idempotency key. */
export type OnceResult = { kind: 'task'; task: number } | { kind: 'replayed'; deliveries: number[] };

export type TaskResult =
  | OnceResult
  | { kind: 'stepped'; done: number; failed: number; finished: boolean; due: DueChange[] }
  | { kind: 'advanced'; finished: boolean }
  /** The key is known, with this body: what was done then, at this wall time in ms. */
  | { kind: 'remembered'; result: OnceResult; at: number }
  /** The key is known, with another body. */
  | { kind: 'mismatch' };
