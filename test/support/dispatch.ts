import { PLAIN_OUTGOING } from '../../src/config/outgoing.ts';
import type { TargetConfig, TargetLimits } from '../../src/config/types.ts';
import { createDispatcher, type DeliveryDispatcher } from '../../src/deliver/dispatcher.ts';
import type { DeliverObserver, OpenBreaker } from '../../src/deliver/ports.ts';
import { type Clock, systemClock } from '../../src/domain/clock.ts';
import type { EventContent } from '../../src/domain/leased-delivery.ts';
import type { Logger } from '../../src/domain/logger.ts';
import { DEFAULT_RETRY, type RetryPolicy } from '../../src/domain/retry-policy.ts';
import { createMemoryDeliveryQueue, type MemoryDeliveryQueue } from './memory-delivery-queue.ts';

export interface LogLine {
  level: 'debug' | 'info' | 'warn' | 'error';
  record: Record<string, unknown>;
  message: string;
}

export function recordingLogger(): { logger: Logger; lines: LogLine[]; messages(): string[] } {
  const lines: LogLine[] = [];
  const write = (level: LogLine['level']) => (record: object, message: string) => {
    lines.push({ level, record: { ...record }, message });
  };
  const logger = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
  return { logger, lines, messages: () => lines.map(({ message }) => message) };
}

export interface DispatchBench {
  dispatcher: DeliveryDispatcher;
  queue: MemoryDeliveryQueue;
  lines: LogLine[];
  messages(): string[];
  observed: string[];
  /** Stores a delivery that is due, without a word to the dispatcher. */
  add(target: string, event?: Partial<EventContent>): string;
  /** The way of a new event: reserved, appended already leased, handed. @returns null when nothing could be reserved */
  hand(target: string, event?: Partial<EventContent>): string | null;
  status(id: string): string;
}

export const PATIENT = 30_000;

/** Retries after the same short wait each time. */
export function steadyRetry(attempts: number, waitMs = 1): RetryPolicy {
  return { ...DEFAULT_RETRY, schedule: { kind: 'list', delaysMs: [waitMs] }, attempts, jitter: 0 };
}

export const NO_LIMITS: TargetLimits = { rate: null, inFlightBytes: null, breaker: null };

export function targetOf(name: string, url: string, changes: Partial<TargetConfig> = {}): TargetConfig {
  return {
    name,
    url,
    shownUrl: url,
    timeoutMs: PATIENT,
    concurrency: 4,
    retry: { ...DEFAULT_RETRY, jitter: 0 },
    limits: NO_LIMITS,
    ordering: null,
    signingSecrets: [],
    outgoing: PLAIN_OUTGOING,
    ...changes,
  };
}

/** A dispatcher over a queue in memory. It is not started. @param breakers those that an earlier run left; kept current */
export function openDispatch(
  targets: TargetConfig[],
  clock: Clock = systemClock,
  breakers: Map<string, OpenBreaker> = new Map(),
): DispatchBench {
  const queue = createMemoryDeliveryQueue(() => clock.now());
  const { logger, lines, messages } = recordingLogger();
  const observed: string[] = [];
  const observer: DeliverObserver = {
    attempt: (target, outcome, statusCode) => observed.push(`${target} ${outcome} ${statusCode}`),
    delivered: (target) => observed.push(`${target} delivered`),
    settled: () => undefined,
    filtered: (target) => observed.push(`${target} filtered`),
    dead: (target, id, reason) => observed.push(`${target} dead ${id} ${reason}`),
    breakerOpened: (target, reason) => observed.push(`${target} opened: ${reason}`),
    breakerClosed: (target, reason) => observed.push(`${target} closed: ${reason}`),
  };
  const dispatcher = createDispatcher({
    queue,
    targets,
    observer,
    pausedByAnswer: (target, reason) => observed.push(`${target} paused: ${reason}`),
    breakers: {
      saved: new Map(breakers),
      keep: async (target, breaker) => {
        if (breaker === null) breakers.delete(target);
        else breakers.set(target, breaker);
      },
    },
    logger,
    logSuccesses: true,
    clock,
    random: () => 0.5,
    publicInfo: { publicUrl: 'https://hooks.example.com', instance: 'hookbay' },
  });
  const withDefaults = (event: Partial<EventContent> = {}): Partial<EventContent> => ({
    body: Buffer.from('{"event":"x"}'),
    ...event,
  });
  return {
    dispatcher,
    queue,
    lines,
    messages,
    observed,
    add: (target, event) => queue.add({ target, dueAt: clock.now(), event: withDefaults(event) }),
    hand(target, event) {
      const content = withDefaults(event);
      if (!dispatcher.reserve(target, content.body?.length ?? 0, content.route ?? 'knowledgesdk')) return null;
      const leased = queue.addLeased(target, content);
      dispatcher.hand(leased);
      return leased.id;
    },
    status: (id) => queue.row(id).state.status,
  };
}
