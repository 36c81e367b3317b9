import type { AdminClient } from './admin-client.ts';
import { CommandError } from './command-error.ts';
import { type ServerEvent, ServerEventReader } from './server-events.ts';

/** What somebody who follows a relay's stream sees. */
export type Followed =
  | { kind: 'message'; message: ServerEvent }
  | { kind: 'connected' }
  /** `why` ends with a full stop. */
  | { kind: 'lost'; why: string };

export interface FollowRequest {
  query: Record<string, string | undefined>;
  /** Id of the event to go on after; null to begin as the query says. */
  after: string | null;
  signal: AbortSignal;
}

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 10_000;

/**
 * Follows a relay's stream of events until the signal is aborted; a connection that is lost is made again, and goes on
 * after the last message that was read.
 * @throws CommandError when the relay refuses, or was not there at the beginning
 */
export async function* follow(admin: AdminClient, { query, after, signal }: FollowRequest): AsyncGenerator<Followed> {
  let last = after;
  let failures = 0;
  for (let first = true; !signal.aborted; first = false) {
    try {
      const reader = new ServerEventReader();
      const decoder = new TextDecoder();
      const pieces = await admin.stream('/stream', { query, lastEventId: last, signal });
      failures = 0;
      yield { kind: 'connected' };
      for await (const piece of pieces) {
        for (const message of reader.push(decoder.decode(piece, { stream: true }))) {
          yield { kind: 'message', message };
          last = message.id ?? last;
        }
      }
      if (!signal.aborted) yield { kind: 'lost', why: 'the relay ended the stream.' };
    } catch (error) {
      if (signal.aborted) return;
      if (isFinal(error, first)) throw error;
      yield { kind: 'lost', why: sentence(error instanceof Error ? error.message : String(error)) };
    }
    await wait(Math.min(FIRST_WAIT_MS * 2 ** failures, LONGEST_WAIT_MS), signal);
    failures += 1;
  }
}

/** Messages of libraries end without a full stop. */
const sentence = (text: string): string => (/[.!?…]$/.test(text) ? text : `${text}.`);

/** A relay that is being restarted is waited for, once it was there; one that refuses will do so again. */
function isFinal(error: unknown, first: boolean): boolean {
  if (!(error instanceof CommandError)) return false;
  return first || error.code !== 'relay_unreachable';
}

/** Ends early with the signal. */
export function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end, { once: true });
  });
}
