import { setTimeout as pause } from 'node:timers/promises';
import { HookbayError } from '../../domain/errors.ts';
import { formatId } from '../../domain/ids.ts';
import type { DeliveryFilter, Found } from '../../domain/listing.ts';
import type { GroupCommit } from './group-commit.ts';
import type { DeletionPlace, DeletionStep } from './history-deletions.ts';
import type { EventSummary } from './history-events.ts';
import type { HandOff, StoreObserver } from './ports.ts';
import type { Command, CommandResult } from './protocol.ts';
import type { ReaderClient } from './reader-client.ts';

/** Events that one commit deletes, so that appends wait no longer than 3 ms for it. */
const EVENTS_A_COMMIT = 20;
const REJECTIONS_A_COMMIT = 200;
/** A checkpoint that empties the log has to wait for readers: ours need milliseconds, a backup needs its time. */
const EMPTY_TRIES = 20;
const EMPTY_PAUSE_MS = 50;
const EMPTY_LATER_MS = 5_000;

export interface Deleted {
  /** Events. */
  deleted: number;
  /** Deliveries that were pending, held or dead. */
  cancelled: number;
  rejections: number;
  /** Whether their bytes are out of the files. If not, somebody reads an old snapshot: it is tried again until they are. */
  erased: boolean;
}

/** Deletes events on request: all that came from outside goes, and no byte of it stays in the files. */
export class SqliteDeletions {
  readonly #commits: GroupCommit;
  readonly #reader: ReaderClient;
  readonly #handOff: HandOff;
  readonly #observer: Pick<StoreObserver, 'deleted'>;
  readonly #now: () => number;
  #later: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(
    commits: GroupCommit,
    reader: ReaderClient,
    handOff: HandOff,
    observer: Pick<StoreObserver, 'deleted'>,
    now: () => number,
  ) {
    this.#commits = commits;
    this.#reader = reader;
    this.#handOff = handOff;
    this.#observer = observer;
    this.#now = now;
  }

  async event(id: string): Promise<Found<Deleted>> {
    const found = await this.#reader.ask('deletable', id);
    if (found.kind !== 'found') return found;
    const total = await this.#delete([found.value]);
    return { kind: 'found', value: { ...total, erased: await this.#erase() } };
  }

  /** Every event that has a delivery which the filter matches, of those that are there when it begins. */
  async matching(filter: DeliveryFilter): Promise<Deleted> {
    const total = { deleted: 0, cancelled: 0, rejections: 0 };
    let place: DeletionPlace | null = await this.#reader.ask('deletionPlace');
    while (place !== null && !this.#closed) {
      const step: DeletionStep = await this.#reader.ask('deletionStep', filter, place);
      const part = await this.#delete(step.events);
      total.deleted += part.deleted;
      total.cancelled += part.cancelled;
      total.rejections += part.rejections;
      place = step.next;
    }
    return { ...total, erased: await this.#erase() };
  }

  preview(filter: DeliveryFilter): Promise<{ matched: number; sample: EventSummary[] }> {
    return this.#reader.ask('deletionPreview', filter);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#later);
  }

  async #delete(events: readonly number[]): Promise<Omit<Deleted, 'erased'>> {
    const total = { deleted: 0, cancelled: 0, rejections: 0 };
    // They are known by the body, so they are looked for while it is there.
    const rejections = await this.#reader.ask('rejectionsLike', events);
    for (let start = 0; start < events.length; start += EVENTS_A_COMMIT) {
      const part = events.slice(start, start + EVENTS_A_COMMIT);
      const { deleted, cancelled } = await this.#command({ kind: 'delete-events', events: part, now: this.#now() });
      for (const { delivery, createdAt } of cancelled) this.#handOff.cancel(formatId('dlv', createdAt, delivery));
      this.#observer.deleted(deleted);
      total.deleted += deleted;
      total.cancelled += cancelled.length;
    }
    for (let start = 0; start < rejections.length; start += REJECTIONS_A_COMMIT) {
      const part = rejections.slice(start, start + REJECTIONS_A_COMMIT);
      total.rejections += (await this.#command({ kind: 'delete-rejections', rejections: part })).deleted;
    }
    return total;
  }

  /** The deleted bytes are overwritten in the database by a checkpoint; until then, and in the log, they are still there. */
  async #erase(): Promise<boolean> {
    for (let tries = 0; tries < EMPTY_TRIES && !this.#closed; tries += 1) {
      if (await this.#reader.ask('emptyLog')) return true;
      await pause(EMPTY_PAUSE_MS);
    }
    this.#eraseLater();
    return false;
  }

  #eraseLater(): void {
    clearTimeout(this.#later);
    if (this.#closed) return; // the log is emptied when the last connection closes, or at the next start
    this.#later = setTimeout(() => {
      void this.#reader.ask('emptyLog').then(
        (isEmpty) => isEmpty || this.#eraseLater(),
        () => this.#eraseLater(),
      );
    }, EMPTY_LATER_MS).unref();
  }

  async #command(command: Command): Promise<CommandResult & { kind: 'deleted' }> {
    const result = await this.#commits.command(command);
    if (result.kind === 'deleted') return result;
    throw new HookbayError({ code: 'not_deleted', status: 503, message: 'The deletion could not be stored' });
  }
}
