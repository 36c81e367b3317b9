import { createHash } from 'node:crypto';
import type {
  AuditView,
  Deleted,
  DeliveryDetail,
  DeliveryView,
  EventView,
  ExportTaskView,
  IdempotencyMark,
  OperatorResult,
  RejectionView,
  Remembered,
  TaskExtras,
  TaskView,
} from '../../src/admin/ports.ts';
import type { Attempt } from '../../src/domain/attempt.ts';
import type { NewAuditEntry } from '../../src/domain/audit.ts';
import { containsJson, parseBodyQuery } from '../../src/domain/body-match.ts';
import { type DeliveryChange, type DeliveryState, type DeliveryStatus, transition } from '../../src/domain/delivery.ts';
import { HookbayError } from '../../src/domain/errors.ts';
import type { HeaderList, NewEvent } from '../../src/domain/event.ts';
import { formatId, parseId } from '../../src/domain/ids.ts';
import type { DeliveryFilter, EventFilter, FeedStart, Found, Page, PageRequest } from '../../src/domain/listing.ts';
import type { HistoryHarness, HistorySetup } from '../contract/history.ts';

interface EventRow {
  sequence: number;
  view: EventView;
  headers: HeaderList;
  body: Buffer;
  gone: boolean;
}

interface DeliveryRow {
  sequence: number;
  id: string;
  event: EventRow;
  target: string;
  createdAt: number;
  state: DeliveryState;
  history: Attempt[];
}

interface TaskRow {
  sequence: number;
  view: TaskView;
  filter: DeliveryFilter;
  targets: readonly string[] | null;
  ratePerSecond: number | null;
  items: { row: DeliveryRow; matchedAs: DeliveryState['status'] }[] | null;
}

const found = <T>(value: T | undefined): Found<T> => (value === undefined ? { kind: 'missing' } : { kind: 'found', value });

/** Newest first; the cursor is the sequence of the last row that was shown. */
function pageOf<Row extends { sequence: number }, T>(rows: Iterable<Row>, page: PageRequest, turn: (row: Row) => T): Page<T> {
  const before = page.cursor === null ? Number.POSITIVE_INFINITY : Number(page.cursor);
  if (!(before > 0)) throw new HookbayError({ code: 'bad_cursor', status: 400, message: 'This cursor was not given here.' });
  const rest = [...rows].filter((row) => row.sequence < before).toSorted((a, b) => b.sequence - a.sequence);
  const shown = rest.slice(0, page.limit);
  return { data: shown.map(turn), nextCursor: rest.length > shown.length ? String(shown.at(-1)?.sequence) : null };
}

function isMatch(row: DeliveryRow, filter: DeliveryFilter): boolean {
  const { view } = row.event;
  return (
    (filter.status === undefined || row.state.status === filter.status) &&
    (filter.target === undefined || row.target === filter.target) &&
    (filter.route === undefined || view.route === filter.route) &&
    (filter.type === undefined || view.type === filter.type) &&
    (filter.from === undefined || row.createdAt >= filter.from) &&
    (filter.to === undefined || row.createdAt < filter.to) &&
    (filter.eventId === undefined || view.id === filter.eventId) &&
    (filter.deliveryIds?.includes(row.id) ?? true) &&
    (filter.eventIds?.includes(view.id) ?? true)
  );
}

function viewOf(row: DeliveryRow): DeliveryView {
  const { status, reason, attempts, budgetStart, dueAt, finishedAt } = row.state;
  const { id: eventId, route } = row.event.view;
  const { id, target, createdAt } = row;
  const lastAttempt = row.history.at(-1) ?? null;
  return {
    id,
    eventId,
    route,
    target,
    status,
    reason,
    attempts,
    budgetStart,
    nextAttemptAt: dueAt,
    createdAt,
    finishedAt,
    orderingKey: null,
    waitsFor: null,
    lastAttempt,
  };
}

function feedStart(start: FeedStart, rows: readonly EventRow[], top: number): { above: number; from: number | null } {
  switch (start.kind) {
    case 'now':
      return { above: top, from: null };
    case 'from':
      return { above: 0, from: start.time };
    case 'after': {
      const parts = parseId('evt', start.eventId);
      if (parts === null) return { above: top, from: null };
      const here = rows.find((row) => row.sequence === parts.sequence);
      const isHere = here === undefined ? parts.sequence <= top : here.view.receivedAt === parts.time;
      return isHere ? { above: parts.sequence, from: null } : { above: 0, from: parts.time };
    }
    default:
      return start satisfies never;
  }
}

/** History, Operations and ReplayWork without a disk, held to test/contract/history.ts. Deliveries go by the domain's transitions. */
export class MemoryHistory implements HistoryHarness {
  readonly #events = new Map<string, EventRow>();
  readonly #deliveries = new Map<string, DeliveryRow>();
  readonly #tasks = new Map<string, TaskRow>();
  readonly #remembered = new Map<string, Remembered & { at: number }>();
  readonly #rejections: (RejectionView & { sequence: number })[] = [];
  readonly #setup: HistorySetup;
  readonly #audit: (AuditView & { sequence: number })[] = [];
  #sequence = 0;
  #now = Date.UTC(2026, 2, 20, 15);

  constructor(setup: HistorySetup) {
    this.#setup = setup;
  }

  readonly history: HistoryHarness['history'] = {
    events: async (filter, page) => {
      const rows = [...this.#events.values()].filter((row) => !row.gone && this.#isMatch(row, filter));
      return pageOf(rows, page, (row) => ({ ...row.view, statuses: this.#statuses(row) }));
    },
    event: async (id) => {
      const row = this.#events.get(id);
      if (row?.gone) return { kind: 'gone' };
      return found(row && { ...row.view, headers: row.headers, deliveries: this.#of(row).map(viewOf) });
    },
    feed: async ({ start, filter, limit, withContent }) => {
      const all = [...this.#events.values()];
      const top = all.at(-1)?.sequence ?? 0;
      const { above, from } = feedStart(start, all, top);
      const wanted = from === null ? filter : { ...filter, from };
      const rows = all.filter((row) => row.sequence > above && !row.gone && this.#isMatch(row, wanted)).slice(0, limit);
      const position = rows.length < limit ? top : (rows.at(-1)?.sequence ?? top);
      const last = all.findLast((row) => row.sequence <= position);
      return {
        events: rows.map((row) => ({
          ...row.view,
          deliveries: this.#of(row).map(viewOf),
          content: withContent ? { headers: row.headers, body: row.body } : null,
        })),
        position: last?.view.id ?? formatId('evt', 0, 0),
        more: position < top,
      };
    },
    search: async ({ filter, body, cursor }) => {
      const query = parseBodyQuery(body);
      const matches = ({ body: bytes }: EventRow): boolean => {
        if (query.kind === 'text') return bytes.includes(query.text);
        try {
          return containsJson(JSON.parse(bytes.toString()), query.value);
        } catch {
          return false;
        }
      };
      const rows = [...this.#events.values()].filter((row) => !row.gone && this.#isMatch(row, filter)).toReversed();
      // One row a step, so that whoever asks has to go on.
      const at = cursor === null ? 0 : Number(cursor);
      const row = rows[at];
      const found = row !== undefined && matches(row) ? [{ ...row.view, statuses: this.#statuses(row) }] : [];
      const nextCursor = at + 1 < rows.length ? String(at + 1) : null;
      return { found, scanned: row === undefined ? 0 : 1, reachedAt: row?.view.receivedAt ?? null, nextCursor };
    },
    body: async (id) => {
      const row = this.#events.get(id);
      if (row?.gone) return { kind: 'gone' };
      return found(row && { contentType: row.view.contentType, body: row.body });
    },
    deliveries: async (filter, page) => pageOf(this.#matching(filter), page, viewOf),
    delivery: async (id) => {
      const row = this.#deliveries.get(id);
      return found<DeliveryDetail>(row && { ...viewOf(row), history: row.history });
    },
    rejections: async ({ route, reason }, page) => {
      const ofRoute = this.#rejections.filter((row) => route === undefined || row.route === route);
      const rows = ofRoute.filter((row) => reason === undefined || row.reason === reason);
      return pageOf(rows, page, ({ sequence: _sequence, ...view }) => view);
    },
    audit: async (page) => pageOf(this.#audit, page, ({ sequence: _sequence, ...view }) => view),
    tasks: async (page) => pageOf(this.#tasks.values(), page, (row) => row.view),
    task: async (id) => found(this.#tasks.get(id)?.view),
    matchReplay: async (filter, oncePerEvent) => {
      const rows = this.#replayable(filter, oncePerEvent);
      return { matched: rows.length, sample: rows.slice(0, 10).map(viewOf) };
    },
    targetCounts: async () =>
      [...Map.groupBy(this.#deliveries.values(), (row) => row.target)].map(([target, rows]) => {
        const due = rows.flatMap((row) => (row.state.dueAt === null ? [] : [row.state.dueAt]));
        return { target, counts: countStatuses(rows), oldestDueAt: due.length === 0 ? null : Math.min(...due), blocked: 0 };
      }),
    remembered: async (scope, key, now) => {
      const known = this.#remembered.get(`${scope}\n${key}`);
      if (known === undefined || known.at <= now - 86_400_000) return null;
      return { bodySha256: known.bodySha256, answer: known.answer };
    },
  };

  readonly operations: HistoryHarness['operations'] = {
    retry: async (id) => this.#operate(id, { kind: 'retry' }),
    cancel: async (id) => this.#operate(id, { kind: 'cancel' }),
    discard: async (id) => this.#operate(id, { kind: 'discard' }),
    release: async (id) => this.#operate(id, { kind: 'release' }),
    replayEvent: async (id, targets, once) => {
      const row = this.#events.get(id);
      if (row?.gone) return { kind: 'gone' };
      if (row === undefined) return { kind: 'missing' };
      const known = this.#known(once);
      if (known?.kind === 'deliveries') return { kind: 'found', value: [...known.deliveries] };
      const chosen = targets ?? this.#setup.targetsOf(row.view.route, row.view.type);
      const deliveries = chosen.map((target) => viewOf(this.#add(row, target, 'replay')));
      this.#remember(once, { kind: 'deliveries', deliveries });
      return { kind: 'found', value: deliveries };
    },
    startReplay: async ({ filter, targets, ratePerSecond }, extras) =>
      this.#start({ kind: 'replay' }, { filter, targets, ratePerSecond }, extras),
    startExport: async ({ filter }, extras) =>
      this.#start({ kind: 'export', bytes: 0, dropped: false }, { filter, targets: null, ratePerSecond: null }, extras),
    cancelTask: async (id) => {
      const task = this.#tasks.get(id);
      if (task !== undefined && task.view.finishedAt === null) this.#finish(task, 'cancelled');
      return found(task?.view);
    },
  };

  readonly work: HistoryHarness['work'] = {
    open: async () =>
      [...this.#tasks.values()]
        .filter((task) => task.view.finishedAt === null)
        .map(({ view: { id, kind }, ratePerSecond }) => (kind === 'export' ? { kind, id } : { kind, id, ratePerSecond })),
    materialise: async (id) => {
      const task = this.#task(id);
      if (task.items !== null) return;
      task.items = this.#replayable(task.filter, task.targets !== null).map((row) => ({ row, matchedAs: row.state.status }));
      task.view = { ...task.view, status: 'running', matched: task.items.length };
    },
    step: async (id, limit) => {
      const task = this.#task(id);
      if (task.view.finishedAt !== null) return { done: 0, failed: 0, finished: true };
      const taken = task.items?.splice(0, limit) ?? [];
      for (const { row, matchedAs } of taken) {
        const isDone = matchedAs === 'dead' && row.state.status !== 'dead' && task.targets === null;
        if (!isDone) this.#replay(row, task.targets);
      }
      task.view = { ...task.view, done: task.view.done + taken.length };
      const finished = task.items?.length === 0;
      if (finished) this.#finish(task, 'completed');
      return { done: taken.length, failed: 0, finished };
    },
  };

  readonly deletions: HistoryHarness['deletions'] = {
    event: async (id) => {
      const row = this.#events.get(id);
      if (row?.gone) return { kind: 'gone' };
      return found(row && this.#deleted([row]));
    },
    matching: async (filter) => this.#deleted(this.#deletable(filter)),
    preview: async (filter) => {
      const rows = this.#deletable(filter);
      const sample = rows.slice(0, 10).map((row) => ({ ...row.view, statuses: this.#statuses(row) }));
      return { matched: rows.length, sample };
    },
  };

  async append(event: NewEvent, targets: readonly string[]): Promise<string> {
    const { body, headers, dedup, ...rest } = event;
    const sequence = this.#next();
    const id = formatId('evt', event.receivedAt, sequence);
    const sha256 = createHash('sha256').update(body).digest('hex');
    const view = {
      ...rest,
      id,
      dedupKey: dedup?.key ?? null,
      size: body.length,
      sha256,
      bodyGone: false,
      duplicates: 0,
      conflicts: 0,
    };
    const row: EventRow = { sequence, view, headers, body, gone: false };
    this.#events.set(id, row);
    for (const target of targets) this.#add(row, target, 'initial');
    return id;
  }

  async quarantine(event: NewEvent, targets: readonly string[], reason: string): Promise<string> {
    const id = await this.append(event, targets);
    for (const row of this.#deliveries.values()) if (row.event.view.id === id) this.#change(row.id, { kind: 'hold', reason });
    return id;
  }

  async lease(id: string): Promise<void> {
    this.#change(id, { kind: 'lease', lease: 1 });
  }

  async settle(...[id, attempt, outcome]: Parameters<HistoryHarness['settle']>): Promise<void> {
    this.#change(id, { kind: 'lease', lease: 1 });
    this.#change(id, { kind: 'settle', lease: 1, outcome });
    this.#deliveries.get(id)?.history.push(attempt);
  }

  async hold(id: string, reason: string): Promise<void> {
    this.#change(id, { kind: 'hold', reason });
  }

  async reject(...[rejection]: Parameters<HistoryHarness['reject']>): Promise<void> {
    const sequence = this.#next();
    this.#rejections.push({ ...rejection, sequence, id: formatId('rej', rejection.at, sequence) });
  }

  async did(entry: NewAuditEntry): Promise<void> {
    const sequence = this.#next();
    this.#audit.push({ ...entry, sequence, id: formatId('aud', entry.at, sequence) });
  }

  async expire(eventId: string): Promise<void> {
    const row = this.#events.get(eventId);
    if (row !== undefined) row.gone = true;
  }

  /** An export that has written so many bytes. */
  completeExport(id: string, bytes: number): void {
    const task = this.#task(id);
    if (task.view.kind === 'export') task.view = { ...task.view, bytes };
    this.#finish(task, 'completed');
  }

  async close(): Promise<void> {}

  #start(
    kind: { kind: 'replay' } | Pick<ExportTaskView, 'kind' | 'bytes' | 'dropped'>,
    request: Pick<TaskRow, 'filter' | 'targets' | 'ratePerSecond'>,
    { callbackUrl = null, once = null }: TaskExtras = {},
  ): TaskView {
    const known = this.#known(once);
    if (known?.kind === 'task') return this.#task(known.id).view;
    const sequence = this.#next();
    const id = formatId('task', this.#now, sequence);
    const counters = { matched: 0, done: 0, failed: 0 };
    const callback = callbackUrl === null ? null : { url: callbackUrl, state: 'waiting' as const };
    const view: TaskView = {
      ...{ id, status: 'pending', ...counters, createdAt: this.#now, finishedAt: null, error: null, callback },
      ...kind,
    };
    this.#tasks.set(id, { sequence, view, ...request, items: null });
    this.#remember(once, { kind: 'task', id });
    return { ...view };
  }

  #known(once: IdempotencyMark | null | undefined): Remembered['answer'] | null {
    const known = once == null ? undefined : this.#remembered.get(`${once.scope}\n${once.key}`);
    if (known === undefined || known.at <= this.#now - 86_400_000) return null;
    if (known.bodySha256 === once?.bodySha256) return known.answer;
    throw new HookbayError({ code: 'idempotency_mismatch', status: 422, message: 'This key came before.' });
  }

  #remember(once: IdempotencyMark | null | undefined, answer: Remembered['answer']): void {
    if (once == null) return;
    this.#remembered.set(`${once.scope}\n${once.key}`, { bodySha256: once.bodySha256, answer, at: this.#now });
  }

  #next(): number {
    this.#sequence += 1;
    this.#now += 1;
    return this.#sequence;
  }

  #add(event: EventRow, target: string, nextTrigger: 'initial' | 'replay'): DeliveryRow {
    const sequence = this.#next();
    const idle = { reason: null, finishedAt: null, attempts: 0, budgetStart: 0, budgetSpentMs: 0, lease: null };
    const state: DeliveryState = { status: 'pending', dueAt: this.#now, nextTrigger, ...idle };
    const id = formatId('dlv', this.#now, sequence);
    const row: DeliveryRow = { sequence, id, event, target, createdAt: this.#now, state, history: [] };
    this.#deliveries.set(id, row);
    return row;
  }

  #of(event: EventRow): DeliveryRow[] {
    return [...this.#deliveries.values()].filter((row) => row.event === event);
  }

  #deletable(filter: DeliveryFilter): EventRow[] {
    return [...new Set(this.#matching(filter).map((row) => row.event))].filter((row) => !row.gone).toReversed();
  }

  #deleted(rows: readonly EventRow[]): Deleted {
    const open = rows.flatMap((row) => this.#of(row)).filter(({ state }) => ['pending', 'held', 'dead'].includes(state.status));
    for (const { id } of open) this.#change(id, { kind: 'delete' });
    for (const row of rows) {
      for (const delivery of this.#of(row)) delivery.history = [];
      row.gone = true;
    }
    return { deleted: rows.length, cancelled: open.length, rejections: 0, erased: true };
  }

  #statuses(event: EventRow) {
    return countStatuses(this.#of(event));
  }

  #matching(filter: DeliveryFilter): DeliveryRow[] {
    return [...this.#deliveries.values()].filter((row) => isMatch(row, filter));
  }

  #replayable(filter: DeliveryFilter, oncePerEvent: boolean): DeliveryRow[] {
    const rows = this.#matching(filter).filter(
      ({ state }) => filter.status !== undefined || state.status === 'dead' || state.status === 'delivered',
    );
    return oncePerEvent ? [...new Map(rows.map((row) => [row.event, row])).values()] : rows;
  }

  #isMatch(row: EventRow, filter: EventFilter): boolean {
    const { id, type, dedupKey, route, receivedAt } = row.view;
    return (
      (filter.route === undefined || route === filter.route) &&
      (filter.type === undefined || type === filter.type) &&
      (filter.from === undefined || receivedAt >= filter.from) &&
      (filter.to === undefined || receivedAt < filter.to) &&
      (filter.status === undefined || (this.#statuses(row)[filter.status] ?? 0) > 0) &&
      (filter.q === undefined || [id, type, dedupKey].some((text) => text?.includes(filter.q ?? '')))
    );
  }

  #change(id: string, change: DeliveryChange) {
    const row = this.#deliveries.get(id);
    if (row === undefined) throw new Error(`no delivery ${id}`);
    const result = transition(row.state, change, this.#now);
    if (!result.ok) throw new Error(`${change.kind} was refused: ${result.refusal}`);
    row.state = result.state;
  }

  #operate(id: string, change: DeliveryChange): OperatorResult {
    const row = this.#deliveries.get(id);
    if (row === undefined) return { kind: 'missing' };
    const result = transition(row.state, change, this.#now);
    if (!result.ok) {
      const code = result.refusal === 'attempt_running' ? 'attempt_running' : 'wrong_status';
      return { kind: 'refused', code, status: row.state.status };
    }
    row.state = result.state;
    return { kind: 'done', delivery: viewOf(row) };
  }

  #replay(row: DeliveryRow, targets: readonly string[] | null): void {
    if (targets === null && row.state.status === 'dead') this.#operate(row.id, { kind: 'retry' });
    else for (const target of targets ?? [row.target]) this.#add(row.event, target, 'replay');
  }

  #task(id: string): TaskRow {
    const task = this.#tasks.get(id);
    if (task === undefined) throw new Error(`no task ${id}`);
    return task;
  }

  #finish(task: TaskRow, status: 'completed' | 'cancelled'): void {
    task.view = { ...task.view, status, finishedAt: this.#now };
  }
}

function countStatuses(rows: readonly DeliveryRow[]): Partial<Record<DeliveryStatus, number>> {
  const counts: Partial<Record<DeliveryStatus, number>> = {};
  for (const { state } of rows) counts[state.status] = (counts[state.status] ?? 0) + 1;
  return counts;
}
