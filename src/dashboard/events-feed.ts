import { get, query, wordsOf } from './api/client.ts';
import { type LiveNews, type LiveState, listen } from './api/live.ts';
import type { EventDetail, ListedEvent, Page } from './api/types.ts';
import { conditionsOf, type EventsFilter, isOpenEnded } from './events-filter.ts';
import {
  countsOf,
  type EventsList,
  listOf,
  olderThan,
  takenOver,
  withArrived,
  withNewest,
  withOlder,
  withStatuses,
} from './events-list.ts';

export interface FeedState {
  list: EventsList | null;
  trouble: string | null;
  live: LiveState;
  /** Goes back through the events for more that match. */
  isSearching: boolean;
}

const PAGE = 100;
/** What one request may look for, so that the list, and whoever else asks, never waits for longer than people notice. */
const LOOK_MS = 50;
const AGAIN_MS = 1_000;
const REOPEN_MS = 3_000;
/** Events of several deliveries that are asked for one by one. */
const MOST_ASKED = 10;

interface Reader {
  changed(state: FeedState): void;
  /** Whether somebody reads, so that nothing may move. */
  isReading(): boolean;
}

/** The events of one filter, kept up to date while the page can be seen. */
export class EventsFeed {
  readonly #filter: EventsFilter;
  readonly #conditions: Record<string, string>;
  readonly #isOpenEnded: boolean;
  readonly #reader: Reader;
  readonly #ended = new AbortController();
  #state: FeedState = { list: null, trouble: null, live: 'connecting', isSearching: false };
  #stop: () => void = () => {};
  #again: ReturnType<typeof setTimeout> | undefined;
  #reopen: ReturnType<typeof setTimeout> | undefined;
  /** Counts openings: only the last one goes on. */
  #turn = 0;
  #isAsking = false;
  #askAgain = false;

  constructor(filter: EventsFilter, reader: Reader, now = Date.now()) {
    this.#filter = filter;
    this.#conditions = conditionsOf(filter, now);
    this.#isOpenEnded = isOpenEnded(filter, now);
    this.#reader = reader;
    document.addEventListener('visibilitychange', this.#seen);
    void this.#open();
  }

  close(): void {
    this.#ended.abort();
    this.#hush();
    document.removeEventListener('visibilitychange', this.#seen);
  }

  /** Shows what waits, or asks anew when more came than was kept. */
  async show(): Promise<void> {
    const { list } = this.#state;
    if (list === null) return;
    if (!list.hasGap) this.#set({ list: takenOver(list) });
    else await this.#ask((page) => listOf(page));
  }

  /** Shows what waits when nobody reads. */
  settle(): void {
    const { list } = this.#state;
    if (list !== null && list.waiting.length > 0 && !this.#reader.isReading()) void this.show();
  }

  /** Adds the next older ones; one request at a time. @throws ApiProblem */
  async older(): Promise<void> {
    await this.#goBack((this.#state.list?.shown.length ?? 0) + 1);
  }

  /** Adds older ones until so many are shown, or there are no more: where few match, one request finds none. */
  async #goBack(wanted: number): Promise<void> {
    if (this.#state.isSearching) return;
    this.#set({ isSearching: true });
    try {
      while (!this.#ended.signal.aborted && !document.hidden && this.#hasOlder(wanted)) await this.#addOlder();
    } finally {
      this.#set({ isSearching: false });
    }
  }

  #hasOlder(wanted: number): boolean {
    const { list } = this.#state;
    return list?.hasOlder === true && list.shown.length < wanted;
  }

  async #addOlder(): Promise<void> {
    const { list } = this.#state;
    if (list === null) return;
    const from = list.shown;
    const page = await this.#page({ ...olderThan(list), limit: 200 });
    const present = this.#state.list;
    // The list may have been begun afresh meanwhile.
    if (present !== null && present.shown.at(-1)?.id === from.at(-1)?.id) this.#set({ list: withOlder(present, page) });
  }

  /** A connection less: browsers allow few to one relay, and nobody looks. */
  readonly #seen = (): void => {
    if (document.hidden) this.#hush();
    else void this.#open();
  };

  #hush(): void {
    this.#stop();
    this.#stop = () => {};
    clearTimeout(this.#again);
    this.#again = undefined;
    clearTimeout(this.#reopen);
    this.#turn += 1;
  }

  async #open(): Promise<void> {
    this.#hush();
    const turn = this.#turn;
    let after: string | null;
    try {
      // Asked before the page: what comes between the two is told by both.
      after = (await get<Page<ListedEvent>>('events?limit=1', this.#ended.signal)).data[0]?.id ?? null;
      await this.#ask((page, list) => (list === null ? listOf(page) : withNewest(list, page, this.#reader.isReading())));
    } catch (error) {
      this.#failed(error);
      if (turn === this.#turn) this.#comeBack();
      return;
    }
    this.#goBack(PAGE).catch((error: unknown) => this.#failed(error));
    // Hidden, seen again or closed meanwhile: that has begun anew.
    if (turn !== this.#turn || document.hidden || !this.#isOpenEnded) return;
    const { route = '', type = '', q = '' } = this.#conditions;
    this.#stop = listen({
      conditions: { route, type, q },
      after,
      heard: (news) => this.#heard(news),
      changed: (live) => {
        this.#set({ live });
        if (live === 'refused') this.#comeBack();
      },
    });
  }

  #comeBack(): void {
    if (this.#ended.signal.aborted) return;
    clearTimeout(this.#reopen);
    this.#reopen = setTimeout(() => void this.#open(), REOPEN_MS);
  }

  #heard({ events, deliveries, missed }: LiveNews): void {
    const { list } = this.#state;
    if (list === null) return;
    // Which events have a status is the relay's to say, and deliveries of unseen ones may make them match.
    const isAsked = missed || this.#filter.status !== '';
    const arrived = this.#filter.status === '' ? withArrived(list, events) : list;
    const { list: told, unsure } = withStatuses(arrived, deliveries);
    const next = told.waiting.length > 0 && !told.hasGap && !this.#reader.isReading() ? takenOver(told) : told;
    this.#set({ list: next });
    if (isAsked) this.#askSoon();
    if (unsure.length > 0) void this.#askFor(unsure.slice(0, MOST_ASKED));
  }

  #askSoon(): void {
    if (this.#isAsking) this.#askAgain = true;
    else this.#again ??= setTimeout(() => void this.#renew(), AGAIN_MS);
  }

  async #renew(): Promise<void> {
    this.#again = undefined;
    this.#isAsking = true;
    this.#askAgain = false;
    try {
      await this.#ask((page, list) => (list === null ? listOf(page) : withNewest(list, page, this.#reader.isReading())));
      this.settle();
    } catch (error) {
      this.#failed(error);
    }
    this.#isAsking = false;
    if (this.#askAgain) this.#askSoon();
  }

  /** Events of several deliveries that a page told of: which of them it was, only the event itself says. */
  async #askFor(ids: readonly string[]): Promise<void> {
    const found = ids.map((id) => get<EventDetail>(`events/${encodeURIComponent(id)}`, this.#ended.signal).catch(() => null));
    const events = (await Promise.all(found)).filter((event) => event !== null);
    const { list } = this.#state;
    if (list === null || this.#ended.signal.aborted) return;
    const listed = events.map(({ deliveries, headers: _headers, ...event }) => ({
      ...event,
      statuses: countsOf(deliveries.map(({ status }) => status)),
      known: Object.fromEntries(deliveries.map(({ id, status }) => [id, status])),
    }));
    this.#set({ list: withArrived(list, listed) });
  }

  #page(more: Record<string, string | number> = {}): Promise<Page<ListedEvent>> {
    return get(`events${query({ ...this.#conditions, limit: PAGE, maxMs: LOOK_MS, ...more })}`, this.#ended.signal);
  }

  async #ask(take: (page: Page<ListedEvent>, list: EventsList | null) => EventsList): Promise<void> {
    const page = await this.#page();
    this.#set({ list: take(page, this.#state.list), trouble: null });
  }

  #failed(error: unknown): void {
    if (!this.#ended.signal.aborted) this.#set({ trouble: wordsOf(error) });
  }

  #set(change: Partial<FeedState>): void {
    if (this.#ended.signal.aborted) return;
    this.#state = { ...this.#state, ...change };
    this.#reader.changed(this.#state);
  }
}
