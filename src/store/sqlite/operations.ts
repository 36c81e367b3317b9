import type { DeliveryStatus } from '../../domain/delivery.ts';
import { HookbayError } from '../../domain/errors.ts';
import { formatId, parseId } from '../../domain/ids.ts';
import type { DeliveryFilter, Found } from '../../domain/listing.ts';
import { bodyGone } from './content-errors.ts';
import type { GroupCommit } from './group-commit.ts';
import type { HandOff } from './ports.ts';
import type { Command, CommandResult, Configured, OperatorChange } from './protocol.ts';
import type { ReaderClient } from './reader-client.ts';
import type { IdempotencyMark, TaskKind } from './task-protocol.ts';
import type { DeliveryView, TaskView } from './views.ts';

/** Which targets an event of this route and type goes to now. */
export type TargetsOf = (route: string, type: string | null) => readonly string[];

/** What operations need of the present configuration. */
interface Configuration {
  targetsOf: TargetsOf;
  configured: () => Configured | null;
}

export type OperatorResult =
  | { kind: 'done'; delivery: DeliveryView }
  | { kind: 'missing' }
  | { kind: 'refused'; code: 'attempt_running' | 'wrong_status'; status: DeliveryStatus };

export interface ReplayRequest {
  filter: DeliveryFilter;
  targets: readonly string[] | null;
  ratePerSecond: number | null;
}

export interface ExportRequest {
  filter: DeliveryFilter;
}

/** What may come with the start of a task. */
export interface TaskExtras {
  /** Told when the task ends. */
  callbackUrl?: string | null;
  /** With a key that is known the task of then is answered, and none is made. */
  once?: IdempotencyMark | null;
}

/** What operators do to deliveries and events. Each resolves once it is on disk. */
export class SqliteOperations {
  readonly #commits: GroupCommit;
  readonly #reader: ReaderClient;
  readonly #handOff: HandOff;
  readonly #now: () => number;
  readonly #config: Configuration;

  constructor(commits: GroupCommit, reader: ReaderClient, handOff: HandOff, now: () => number, config: Configuration) {
    this.#commits = commits;
    this.#reader = reader;
    this.#handOff = handOff;
    this.#now = now;
    this.#config = config;
  }

  retry(id: string): Promise<OperatorResult> {
    return this.#operate('retry', id);
  }

  cancel(id: string): Promise<OperatorResult> {
    return this.#operate('cancel', id);
  }

  discard(id: string): Promise<OperatorResult> {
    return this.#operate('discard', id);
  }

  release(id: string): Promise<OperatorResult> {
    return this.#operate('release', id);
  }

  /** @throws HookbayError `no_targets` when the route delivers this event to nobody now */
  async replayEvent(
    id: string,
    targets: readonly string[] | null,
    once: IdempotencyMark | null = null,
  ): Promise<Found<DeliveryView[]>> {
    const event = await this.#reader.ask('routeOf', id);
    if (event.kind !== 'found') return event;
    const chosen = targets ?? this.#config.targetsOf(event.value.route, event.value.type);
    if (chosen.length === 0) {
      throw new HookbayError({
        code: 'no_targets',
        status: 409,
        message: `The route ${event.value.route} delivers this event to no target now`,
        hint: 'Name targets in the request, or add one to the route.',
      });
    }
    for (const target of chosen) this.#mustBeConfigured(event.value.route, target);
    const now = this.#now();
    const result = doneOf(await this.#command({ kind: 'replay-event', event: event.value.seq, targets: [...chosen], once, now }));
    if (result.kind === 'body-gone') throw bodyGone(id);
    if (result.kind !== 'replayed') return { kind: result.kind === 'gone' ? 'gone' : 'missing' };
    for (const target of chosen) this.#handOff.wake(target, now);
    return { kind: 'found', value: await this.#reader.ask('views', result.deliveries) };
  }

  startReplay(request: ReplayRequest, extras: TaskExtras = {}): Promise<TaskView> {
    return this.#startTask('replay', request, extras);
  }

  startExport(request: ExportRequest, extras: TaskExtras = {}): Promise<TaskView> {
    return this.#startTask('export', request, extras);
  }

  async cancelTask(id: string): Promise<Found<TaskView>> {
    const task = await this.#reader.ask('task', id);
    if (task.kind !== 'found') return task;
    await this.#command({ kind: 'task-finish', task: task.value.seq, status: 'cancelled', now: this.#now() });
    const after = await this.#reader.ask('task', id);
    return after.kind === 'found' ? { kind: 'found', value: after.value.view } : after;
  }

  async #startTask(
    task: TaskKind,
    request: ReplayRequest | ExportRequest,
    { callbackUrl = null, once = null }: TaskExtras,
  ): Promise<TaskView> {
    const now = this.#now();
    const command = { kind: 'task-create', task, request: JSON.stringify(request), callbackUrl, once, now } as const;
    const answer = await this.#command(command);
    const result = doneOf(answer);
    const at = answer.kind === 'remembered' ? answer.at : now;
    const found = await this.#reader.ask('task', formatId('task', at, result.kind === 'task' ? result.task : 0));
    if (found.kind === 'found') return found.value.view;
    throw new HookbayError({ code: 'task_not_created', status: 500, message: 'The task could not be stored' });
  }

  async #operate(change: OperatorChange, id: string): Promise<OperatorResult> {
    const found = await this.#reader.ask('delivery', id);
    const number = parseId('dlv', id)?.sequence;
    if (found.kind !== 'found' || number === undefined) return { kind: 'missing' };
    if (change === 'retry' || change === 'release') this.#mustBeConfigured(found.value.route, found.value.target);
    const result = await this.#changed(change, id, number, found.value.target);
    if (result.kind === 'refused') return result;
    if (result.kind !== 'operated') return { kind: 'missing' };
    const [delivery] = await this.#reader.ask('views', [number]);
    return delivery === undefined ? { kind: 'missing' } : { kind: 'done', delivery };
  }

  async #changed(change: OperatorChange, id: string, delivery: number, target: string): Promise<CommandResult> {
    const command = { kind: 'operate', change, delivery, now: this.#now() } as const;
    if (change === 'cancel') {
      const result = await this.#command(command);
      if (result.kind === 'operated') this.#handOff.cancel(id);
      return result;
    }
    // One that only waits in memory for its turn is no reason to refuse; whatever comes of it, it is to be had again.
    this.#handOff.withdraw(id);
    try {
      return await this.#command(command);
    } finally {
      this.#handOff.wake(target, this.#now());
    }
  }

  /** A delivery that nothing can attempt must not become pending. @throws HookbayError `unknown_target`, `unknown_route` */
  #mustBeConfigured(route: string, target: string): void {
    const configured = this.#config.configured();
    if (configured === null) return;
    const fault = (code: string, what: string): HookbayError =>
      new HookbayError({
        code,
        status: 409,
        message: `${what} is not in the configuration`,
        hint: 'Add it again, or name another target.',
      });
    if (!configured.targets.has(target)) throw fault('unknown_target', `The target ${target}`);
    if (!configured.routes.has(route)) throw fault('unknown_route', `The route ${route}`);
  }

  async #command(command: Command): Promise<CommandResult> {
    const result = await this.#commits.command(command);
    if (result.kind === 'failed') throw new HookbayError({ code: result.code, status: 500, message: result.message });
    return result;
  }
}

/** What was done, now or under the same key before. @throws HookbayError `idempotency_mismatch` */
function doneOf(result: CommandResult): CommandResult {
  if (result.kind === 'remembered') return result.result;
  if (result.kind !== 'mismatch') return result;
  const message = 'This Idempotency-Key came before, with another request';
  throw new HookbayError({ code: 'idempotency_mismatch', status: 422, message, hint: 'Give each request a key of its own.' });
}
