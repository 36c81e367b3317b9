import pRetry, { AbortError } from 'p-retry';
import { type AddressGuard, ClosedAddress } from '../config/outgoing-address.ts';
import type { Clock } from '../domain/clock.ts';
import type { Logger } from '../domain/logger.ts';
import { postCallback } from './callback-post.ts';
import type { TaskView } from './ports.ts';

/** Signs what is posted. @returns the value of `webhook-signature`, or null when there is no secret */
export type CallbackSigner = (id: string, timestamp: number, body: Buffer) => string;

/** The tasks whose end is still to be told; what became of it is stored, so that a restart tells it again rather than never. */
export interface CallbackWork {
  callbacksDue(limit: number): Promise<TaskView[]>;
  callbackSettled(taskId: string, state: 'told' | 'given_up'): Promise<void>;
}

export interface CallbackOptions {
  work: CallbackWork;
  /** What the configuration says at this moment; a null signer: no secret, nobody can be told. */
  settings: () => { sign: CallbackSigner | null; guard: AddressGuard };
  resultUrl(task: TaskView): string | null;
  /** Told of how each has ended. Must not throw. */
  settled(result: 'told' | 'given_up'): void;
  clock: Clock;
  logger: Logger;
  retries?: { retries: number; minTimeout: number; maxTimeout: number };
}

/** Tells who asked for it that a task has ended, at least once. */
export interface Callbacks {
  /** A task may have ended. */
  wake(): void;
  /** Gives up what is on its way; it is told after the next start. */
  stop(): Promise<void>;
}

/** 1 s, 2 s, 4 s … up to 5 minutes between tries: about an hour in all. */
const RETRIES = { retries: 18, minTimeout: 1_000, maxTimeout: 5 * 60_000 };
/** Most of them wait for their next try: one that is dead for an hour must not hold up the others. */
const MOST_UNDERWAY = 200;
/** The store takes nothing for a while: it is asked again. */
const READ_AGAIN_MS = 5_000;

/** Starts nothing by itself; see {@link Callbacks}. */
export function createCallbacks(options: CallbackOptions): Callbacks {
  const { work, clock, logger } = options;
  const underway = new Map<string, Promise<void>>();
  const stop = new AbortController();
  let reading: Promise<void> | null = null;
  let unread = false;
  let cancelTimer: () => void = () => undefined;

  const later = (): void => {
    cancelTimer();
    if (!stop.signal.aborted) cancelTimer = clock.after(READ_AGAIN_MS, wake);
  };

  const read = async (): Promise<void> => {
    while (unread && !stop.signal.aborted) {
      unread = false;
      for (const task of await work.callbacksDue(MOST_UNDERWAY)) {
        if (underway.has(task.id) || underway.size >= MOST_UNDERWAY) continue;
        const telling = tell(task, options, stop.signal)
          .catch((error: unknown) => {
            logger.warn({ taskId: task.id, err: error }, 'callback not settled');
            later();
          })
          .finally(() => {
            underway.delete(task.id);
            wake(); // the next one may have been waiting for room
          });
        underway.set(task.id, telling);
      }
    }
  };

  function wake(): void {
    unread = true;
    if (reading !== null || stop.signal.aborted) return;
    reading = read()
      .catch((error: unknown) => {
        logger.warn({ err: error }, 'callbacks not read');
        later();
      })
      .finally(() => {
        reading = null;
      });
  }

  return {
    wake,
    stop: async () => {
      stop.abort();
      cancelTimer();
      await reading;
      await Promise.all(underway.values());
    },
  };
}

/** Rejects when the result could not be stored: then it is told again. */
async function tell(task: TaskView, options: CallbackOptions, signal: AbortSignal): Promise<void> {
  const failure = await pRetry(() => post(task, options, signal), { factor: 2, ...(options.retries ?? RETRIES), signal }).then(
    () => null,
    (error: unknown) => ({ code: codeOf(error) }),
  );
  if (failure !== null && signal.aborted) return;
  const result = failure === null ? 'told' : 'given_up';
  await options.work.callbackSettled(task.id, result);
  options.settled(result);
  const record = { taskId: task.id, kind: task.kind, status: task.status };
  if (failure === null) options.logger.info(record, 'callback delivered');
  // Only the code: the text of a request's error names the URL, which may hold a secret.
  else options.logger.warn({ ...record, ...failure }, 'callback not delivered');
}

async function post(task: TaskView, { settings, resultUrl, clock }: CallbackOptions, signal: AbortSignal): Promise<void> {
  const { sign, guard } = settings();
  if (sign === null) throw new AbortError(new CallbackFailure('callback_not_configured'));
  const { id, kind, status, matched, done, failed } = task;
  const body = JSON.stringify({ taskId: id, kind, status, matched, done, failed, resultUrl: resultUrl(task) });
  const timestamp = Math.floor(clock.now() / 1000);
  const headers = {
    'content-type': 'application/json',
    'user-agent': 'Hookbay',
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': sign(id, timestamp, Buffer.from(body)),
  };
  const answered = await postCallback({ url: task.callback?.url ?? '', headers, body, guard, signal }).catch((error: unknown) => {
    throw closedAddress(error) ? new AbortError(new CallbackFailure('callback_address_closed')) : error;
  });
  if (answered < 200 || answered > 299) throw new CallbackFailure(`answered_${answered}`);
}

/** Whether it is the guard's error, or got's around it. */
function closedAddress(error: unknown): boolean {
  return error instanceof ClosedAddress || (error instanceof Error && error.cause instanceof ClosedAddress);
}

class CallbackFailure extends Error {
  readonly code: string;

  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

function codeOf(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return error instanceof Error ? error.name : 'unknown';
}
