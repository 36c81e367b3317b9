import type { Attempt } from '../../domain/attempt.ts';
import type { DeliveryStatus } from '../../domain/delivery.ts';
import { formatId } from '../../domain/ids.ts';
import { type Contents, isClearHash } from './contents.ts';
import { attemptPlace } from './delivery-rows.ts';
import { BODY_GONE } from './event-removal.ts';
import { type Head, parseHead } from './head.ts';
import { openedRejection } from './rejection-content.ts';
import type { TaskError, TaskKind } from './task-protocol.ts';

/** Rows as the history reads them, and the shapes that it answers. Times in wall ms. */

export interface EventRow {
  seq: number;
  received_at: number;
  route: string;
  type: string | null;
  dedup_key: string | null;
  duplicates: number;
  conflicts: number;
  gone: number;
  first_delivery: number;
  delivery_count: number;
  size: number;
  head_crc32: number;
  body_sha256: Uint8Array;
  head: Buffer | null;
}

export interface DeliveryRow {
  seq: number;
  event_seq: number;
  event_received_at: number;
  created_at: number;
  route: string;
  target: string;
  status: DeliveryStatus;
  reason: string | null;
  due_at: number | null;
  finished_at: number | null;
  attempts: number;
  budget_start: number;
  ordering_key: string | null;
  /** Of the delivery that goes first, for one that is blocked. */
  waits_for: number | null;
  waits_for_created_at: number | null;
  last_attempt: string | null;
}

export interface RejectionRow {
  seq: number;
  at: number;
  route: string | null;
  reason: string;
  explanation: string;
  peer: string;
  status: number;
  headers: string;
  body_start: string;
}

export interface AuditRow {
  seq: number;
  at: number;
  actor: string;
  peer: string;
  action: string;
  subject: string | null;
  status: number;
  detail: string;
}

export interface TaskRow {
  seq: number;
  kind: TaskKind;
  status: 'pending' | 'running' | 'completed' | 'failed' | 'cancelled';
  request: string;
  created_at: number;
  finished_at: number | null;
  matched: number;
  done: number;
  failed: number;
  error: string | null;
  callback_url: string | null;
  callback_state: 'waiting' | 'told' | 'given_up' | null;
  file_bytes: number;
  file_dropped: number;
}

const DAMAGED: Head = { method: '', path: '', query: '', peer: '', contentType: null, headers: [] };

/** A list is read without checking each event, and one that is damaged must not take the others with it. */
function shownHead(stored: Buffer | null, contents: Contents): Head {
  try {
    const head = stored === null ? null : contents.shownHead(stored);
    return head === null ? DAMAGED : parseHead(head);
  } catch {
    return DAMAGED;
  }
}

/** @param head the one that was found whole; without it the one of the row, which nothing vouches for */
export function eventView(row: EventRow, contents: Contents, head = shownHead(row.head, contents)) {
  const { method, path, query, peer, contentType, dedupKey } = head;
  const isClear = isClearHash(row.body_sha256);
  return {
    id: formatId('evt', row.received_at, row.seq),
    route: row.route,
    type: row.type,
    // Of an encrypted event the row has a hash of it.
    dedupKey: isClear ? row.dedup_key : (dedupKey ?? null),
    receivedAt: row.received_at,
    method,
    path,
    query,
    peer,
    contentType,
    size: row.size,
    sha256: isClear ? Buffer.from(row.body_sha256).toString('hex') : null,
    bodyGone: row.gone === BODY_GONE,
    duplicates: row.duplicates,
    conflicts: row.conflicts,
  };
}

/** @returns null for one that cannot be read: the rest of the list is shown all the same */
export function shownAttempt(stored: string, delivery: number, contents: Contents): Attempt | null {
  try {
    return JSON.parse(contents.openText(attemptPlace(delivery), stored) ?? 'null') as Attempt | null;
  } catch {
    return null;
  }
}

export function deliveryView(row: DeliveryRow, contents: Contents) {
  return {
    id: formatId('dlv', row.created_at, row.seq),
    eventId: formatId('evt', row.event_received_at, row.event_seq),
    route: row.route,
    target: row.target,
    status: row.status,
    reason: row.reason,
    attempts: row.attempts,
    budgetStart: row.budget_start,
    nextAttemptAt: row.due_at,
    createdAt: row.created_at,
    finishedAt: row.finished_at,
    orderingKey: row.ordering_key,
    waitsFor: row.waits_for === null ? null : formatId('dlv', row.waits_for_created_at ?? 0, row.waits_for),
    lastAttempt: row.last_attempt === null ? null : shownAttempt(row.last_attempt, row.seq, contents),
  };
}

export function rejectionView(row: RejectionRow, contents: Contents) {
  const stored = { explanation: row.explanation, peer: row.peer, headers: row.headers, bodyStart: row.body_start };
  const { explanation, peer, headers, bodyStart } = openedRejection(stored, row.seq, contents);
  return {
    id: formatId('rej', row.at, row.seq),
    route: row.route,
    at: row.at,
    reason: row.reason,
    explanation,
    peer,
    status: row.status,
    headers,
    bodyStart,
  };
}

export function auditView({ seq, ...entry }: AuditRow) {
  return { id: formatId('aud', entry.at, seq), ...entry };
}

export function taskView(row: TaskRow) {
  const { callback_url: url, callback_state: state } = row;
  const fields = {
    id: formatId('task', row.created_at, row.seq),
    status: row.status,
    matched: row.matched,
    done: row.done,
    failed: row.failed,
    createdAt: row.created_at,
    finishedAt: row.finished_at,
    error: row.error === null ? null : (JSON.parse(row.error) as TaskError),
    callback: url === null || state === null ? null : { url, state },
  };
  switch (row.kind) {
    case 'replay':
      return { ...fields, kind: row.kind };
    case 'export':
      return { ...fields, kind: row.kind, bytes: row.file_bytes, dropped: row.file_dropped === 1 };
    default:
      return row.kind satisfies never;
  }
}

export type EventView = ReturnType<typeof eventView>;
export type DeliveryView = ReturnType<typeof deliveryView>;
export type RejectionView = ReturnType<typeof rejectionView>;
export type AuditView = ReturnType<typeof auditView>;
export type TaskView = ReturnType<typeof taskView>;
