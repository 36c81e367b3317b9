import type { Database, Statement } from 'better-sqlite3';
import { Appender } from './append.ts';
import { AuditRows } from './audit.ts';
import { Contents } from './contents.ts';
import { DedupIndex } from './dedup-index.ts';
import { Deletion } from './deletion.ts';
import { DeliveryOrder } from './delivery-order.ts';
import { DeliveryRows } from './delivery-rows.ts';
import { DueShift } from './due-shift.ts';
import { EventRemoval } from './event-removal.ts';
import { IdempotencyKeys } from './idempotency.ts';
import { LearnedSecrets } from './learned.ts';
import { Leaser } from './lease.ts';
import { LeaseTable } from './leases.ts';
import { Operator } from './operate.ts';
import { OrderedInserts } from './ordered-inserts.ts';
import { OrderedTargets } from './ordered-targets.ts';
import type {
  Appended,
  Batch,
  BatchResult,
  Command,
  CommandResult,
  Freed,
  ReleaseRow,
  RouteBacklog,
  SettleRow,
} from './protocol.ts';
import { Reconciler } from './reconcile.ts';
import { Rejections } from './rejections.ts';
import { Retention } from './retention.ts';
import { errorCodeOf, severityOf } from './sqlite-errors.ts';
import { Tallies } from './tallies.ts';
import { TargetStates } from './target-states.ts';
import { Tasks } from './tasks.ts';

/**
 * Runs one batch after the other, each as one transaction: this is the group commit. Requests that arrive while
 * one commits make the next one.
 */
export class Writer {
  readonly #leases = new LeaseTable();
  readonly #tallies: Tallies;
  readonly #keys: DedupIndex;
  readonly #order: DeliveryOrder;
  readonly #orderedTargets: OrderedTargets;
  readonly #rows: DeliveryRows;
  readonly #appender: Appender;
  readonly #leaser: Leaser;
  readonly #operator: Operator;
  readonly #dueShift: DueShift;
  readonly #reconciler: Reconciler;
  readonly #retention: Retention;
  readonly #deletion: Deletion;
  readonly #rejections: Rejections;
  readonly #once: IdempotencyKeys;
  readonly #tasks: Tasks;
  readonly #learned: LearnedSecrets;
  readonly #audit: AuditRows;
  readonly #targetStates: TargetStates;
  readonly #begin: Statement;
  readonly #commit: Statement;
  readonly #rollback: Statement;
  readonly #savepoint: Statement;
  readonly #keepSavepoint: Statement;
  readonly #undoSavepoint: Statement;
  readonly #db: Database;
  /** What the last commit took. */
  #commitMs = 0;

  /** @param leaseMs how long the leases of a batch may take together, whatever else it does; for tests */
  constructor(db: Database, contents: Contents = new Contents(db), leaseMs?: number) {
    this.#db = db;
    this.#tallies = new Tallies(db);
    this.#keys = new DedupIndex(db);
    this.#order = new DeliveryOrder(db);
    this.#rows = new DeliveryRows(db, this.#leases, this.#tallies, contents, this.#order);
    const ordered = new OrderedInserts(db, this.#order, this.#leases, this.#tallies);
    this.#appender = new Appender(db, this.#leases, this.#tallies, this.#keys, contents, ordered);
    this.#leaser = new Leaser(db, this.#leases, this.#rows, contents, this.#order, leaseMs);
    this.#operator = new Operator(db, this.#rows, this.#tallies, ordered);
    this.#orderedTargets = new OrderedTargets(db, this.#rows, this.#order);
    this.#dueShift = new DueShift(db, this.#rows);
    this.#reconciler = new Reconciler(db, this.#rows, contents.missing.length === 0);
    const removal = new EventRemoval(db, this.#tallies, this.#keys, this.#rows);
    this.#retention = new Retention(db, this.#tallies, removal);
    this.#deletion = new Deletion(db, this.#rows, removal);
    this.#rejections = new Rejections(db, this.#tallies, contents);
    this.#once = new IdempotencyKeys(db);
    this.#tasks = new Tasks(db, this.#rows, this.#operator, this.#tallies);
    this.#learned = new LearnedSecrets(db, contents);
    this.#audit = new AuditRows(db);
    this.#targetStates = new TargetStates(db);
    this.#begin = db.prepare('BEGIN IMMEDIATE');
    this.#commit = db.prepare('COMMIT');
    this.#rollback = db.prepare('ROLLBACK');
    this.#savepoint = db.prepare('SAVEPOINT part');
    this.#keepSavepoint = db.prepare('RELEASE part');
    this.#undoSavepoint = db.prepare('ROLLBACK TO part');
  }

  /** Sequence of the last event that was stored. */
  lastEvent(): number {
    return this.#tallies.peek('event') - 1;
  }

  /** Pending deliveries by route. */
  backlogs(): RouteBacklog[] {
    return this.#tallies.backlogs();
  }

  /** Leaves out the numbers of events that were committed once and are lost. */
  skipEvents(next: number): void {
    this.#tallies.skipTo('event', next);
  }

  /** Everything in the batch is on disk when this returns `committed`; with any other answer nothing is. */
  run(batch: Batch): BatchResult {
    const plain = this.#attempt(batch, false);
    if (plain.kind !== 'row-error') return plain;
    // A row that cannot be stored must not fail the others: again, with a savepoint around each.
    const careful = this.#attempt(batch, true);
    if (careful.kind !== 'row-error') return careful;
    return { kind: 'broken', code: careful.code, message: careful.message };
  }

  #attempt(batch: Batch, careful: boolean): BatchResult | { kind: 'row-error'; code: string; message: string } {
    const started = performance.now();
    try {
      this.#begin.run(); // may wait for a checkpoint
      const begun = performance.now();
      const appends = this.#appendAll(batch, careful);
      const settles = batch.settles.map((row) => this.#settle(row, batch.now));
      for (const row of batch.releases) this.#release(row, batch.now);
      const { rows, damaged } = this.#leaser.leaseFreed(this.#order.takeFreed(), batch.now);
      this.#leaser.begin(performance.now() - begun, this.#commitMs);
      const commands = batch.commands.map((command) => this.#guarded(command));
      const freed = this.#freed(rows, damaged, batch.now);
      this.#keys.foldSome(appends.length);
      this.#tallies.write();
      const committing = performance.now();
      this.#commit.run();
      this.#commitMs = performance.now() - committing;
      this.#leases.keep();
      const backlogs = this.#tallies.keep();
      this.#keys.keep(this.lastEvent());
      this.#order.keep();
      return { kind: 'committed', appends, settles, commands, freed, backlogs, ms: performance.now() - started };
    } catch (error) {
      this.#undo();
      const code = errorCodeOf(error);
      const message = error instanceof Error ? error.message : String(error);
      const severity = severityOf(code);
      switch (severity) {
        case 'disk_full':
        case 'busy':
          return { kind: 'refused', code: severity, message };
        case 'broken':
          return { kind: 'broken', code, message };
        case 'row':
          return { kind: 'row-error', code, message };
        default:
          return severity satisfies never;
      }
    }
  }

  #undo(): void {
    this.#leases.rollBack();
    this.#tallies.rollBack();
    this.#keys.rollBack();
    this.#order.rollBack();
    // Some errors (a full disk, an I/O error) have ended the transaction already.
    if (this.#db.inTransaction) this.#rollback.run();
  }

  #appendAll({ appends, bytes, now }: Batch, careful: boolean): Appended[] {
    let offset = 0;
    return appends.map((row) => {
      const head = new Uint8Array(bytes, offset, row.headLength);
      const body = new Uint8Array(bytes, offset + row.headLength, row.bodyLength);
      offset += row.headLength + row.bodyLength;
      const append = (): Appended => this.#appender.append(row, head, body, now);
      if (!careful) return append();
      return this.#inSavepoint(append, (_code, message) => ({ kind: 'refused', message }));
    });
  }

  #settle({ delivery, lease, outcome, attempt }: SettleRow, now: number): boolean {
    const entry = this.#leases.get(delivery);
    if (entry === undefined) return false;
    return this.#rows.change(delivery, entry, { kind: 'settle', lease, outcome }, now, attempt).ok;
  }

  #release({ delivery, lease }: ReleaseRow, now: number): void {
    const entry = this.#leases.get(delivery);
    if (entry?.state.lease !== lease) return;
    this.#leases.remove(delivery);
    if (entry.orderingKey !== null) this.#order.leaseEnded(entry.target, entry.orderingKey, now);
  }

  /** What commands have freed may be a great deal, so it waits to be leased. */
  #freed(rows: Freed['rows'], damaged: Freed['damaged'], now: number): Freed | null {
    for (const { target } of this.#order.takeFreed()) this.#order.wake(target, now);
    const woken = this.#order.takeWoken();
    return rows.length + damaged.length + woken.length === 0 ? null : { rows, damaged, woken };
  }

  #guarded(command: Command): CommandResult {
    return this.#inSavepoint(
      () => this.#run(command),
      (code, message) => ({ kind: 'failed', code, message }),
    );
  }

  #inSavepoint<T>(work: () => T, failed: (code: string, message: string) => T): T {
    const leases = this.#leases.mark();
    const keys = this.#keys.mark();
    const restoreCounts = this.#tallies.mark();
    this.#savepoint.run();
    try {
      const result = work();
      this.#keepSavepoint.run();
      return result;
    } catch (error) {
      const code = errorCodeOf(error);
      if (severityOf(code) !== 'row') throw error;
      this.#undoSavepoint.run();
      this.#keepSavepoint.run();
      this.#leases.rollBack(leases);
      this.#keys.rollBack(keys);
      restoreCounts();
      return failed(code, error instanceof Error ? error.message : String(error));
    }
  }

  #reconcile({ targets, routes, ordered, now, restart }: Command & { kind: 'reconcile' }): CommandResult {
    const names = new Set(targets);
    const order = this.#orderedTargets.step(names, ordered, now, restart);
    const result = this.#reconciler.step(names, new Set(routes), now, restart);
    if (result.kind !== 'moved') return result;
    return { ...result, moved: result.moved + order.moved, finished: result.finished && order.finished };
  }

  #run(command: Command): CommandResult {
    switch (command.kind) {
      case 'lease':
        return this.#leaser.lease(command.target, command, command.configured, command.now);
      case 'operate':
        return this.#operator.operate(command.change, command.delivery, command.now);
      case 'replay-event':
        return this.#once.run(command.once, command.now, () =>
          this.#operator.replay(command.event, command.targets, command.now),
        );
      case 'pause':
        this.#operator.pause(command.target, command.reason, command.now);
        return { kind: 'ok' };
      case 'resume':
        this.#operator.resume(command.target);
        return { kind: 'ok' };
      case 'breaker':
        this.#targetStates.keep(command.target, command.breaker);
        return { kind: 'ok' };
      case 'learn':
        this.#learned.learn(command.row);
        return { kind: 'ok' };
      case 'forget':
        this.#learned.forget(command.route);
        return { kind: 'ok' };
      case 'audit':
        this.#audit.record(command.entry);
        return { kind: 'ok' };
      case 'reject':
        this.#rejections.record(command.rejections);
        return { kind: 'ok' };
      case 'shift-due':
        return this.#dueShift.step(command.byMs, command.after, command.now);
      case 'reconcile':
        this.#tallies.write();
        return this.#reconcile(command);
      case 'retain':
        return this.#retention.step(command, command.now, command.restart);
      case 'delete-events':
        this.#tasks.dropExports(); // what has been written of the events
        return this.#deletion.delete(command.events, command.now);
      case 'delete-rejections':
        return this.#deletion.deleteRejections(command.rejections);
      case 'task-create':
        return this.#once.run(command.once, command.now, () => this.#tasks.run(command));
      case 'task-items':
      case 'task-step':
      case 'task-finish':
      case 'export-advance':
      case 'exports-drop':
      case 'callback-settled':
        return this.#tasks.run(command);
      default:
        return command satisfies never;
    }
  }
}
