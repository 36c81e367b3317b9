import { Pool } from 'undici';
import type { TargetConfig } from '../../config/types.ts';
import type { Clock } from '../../domain/clock.ts';
import type { LeasedDelivery } from '../../domain/leased-delivery.ts';
import { HttpAttempt } from '../attempt.ts';
import type { AttemptResult } from '../classify.ts';
import { Deadlines } from '../deadlines.ts';
import { type HeaderParts, outgoingHeaders } from '../headers.ts';
import { createSigner } from '../signing.ts';
import type { WholeAnswer } from '../whole-answer.ts';

/** How this relay is known to others. */
export interface PublicInfo {
  publicUrl: string | null;
  /** The name in `Via`; a request that brings it back has gone round in a circle. */
  instance: string;
}

export interface RunningAttempt {
  /** The attempt ends with this code, at once. */
  abort(code: 'cancelled' | 'interrupted'): void;
}

/** An HTTP endpoint under one configuration. */
export interface HttpTarget {
  /**
   * Starts an attempt; `done` is called exactly once, perhaps before this returns.
   * @param whole keeps the answer for those who wait for it; null when nobody does
   */
  send(delivery: LeasedDelivery, whole: WholeAnswer | null, done: (result: AttemptResult) => void): RunningAttempt;
  /** Resolves when its attempts have ended and its connections are closed. */
  close(): Promise<void>;
  /** Closes all connections now, also those that are still being made for attempts that have ended. */
  destroy(): Promise<void>;
}

/** A request that has been through this relay so often is in a loop; a relay in front of a relay is not one. */
const MOST_PASSES = 5;

/** Percent-decodes; a `%` that begins no escape stands for itself. */
function decoded(part: string): string {
  return part.replace(/(?:%[0-9a-f]{2})+/gi, (escapes) => Buffer.from(escapes.replaceAll('%', ''), 'hex').toString('utf8'));
}

function authorization(url: URL): string | null {
  if (url.username === '' && url.password === '') return null;
  const credentials = `${decoded(url.username)}:${decoded(url.password)}`;
  return `Basic ${Buffer.from(credentials, 'utf8').toString('base64')}`;
}

function headerParts(url: URL, config: TargetConfig, info: PublicInfo): HeaderParts {
  const own = info.publicUrl === null ? null : new URL(info.publicUrl);
  return {
    authorization: authorization(url),
    instance: info.instance,
    proto: own === null ? 'http' : own.protocol.slice(0, -1),
    host: own === null ? null : own.host,
    signer: createSigner(config.signingSecrets),
  };
}

function createPool(url: URL, { timeoutMs, concurrency }: TargetConfig): Pool {
  return new Pool(url.origin, {
    // undici rests a connection for a turn of the event loop after each answer. With as many again no attempt waits
    // for that, nor for a connection that is still being made for an attempt that has timed out.
    connections: 2 * concurrency,
    pipelining: 1,
    allowH2: false,
    connectTimeout: timeoutMs,
    // The attempt's deadline is the only clock: undici's two measure pauses, not the whole.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
}

/** @throws TypeError when the configured URL is none, which loading the configuration rules out */
export function createHttpTarget(config: TargetConfig, info: PublicInfo, clock: Clock): HttpTarget {
  const url = new URL(config.url);
  const parts = headerParts(url, config, info);
  const pool = createPool(url, config);
  const deadlines = new Deadlines(clock, config.timeoutMs);
  const plainPath = url.pathname + url.search;
  const pathWith = (query: string): string => {
    if (query === '') return plainPath;
    return `${plainPath}${url.search === '' ? '?' : '&'}${query}`;
  };
  return {
    send(delivery, whole, done) {
      const { event } = delivery;
      const attempt = new HttpAttempt(clock, deadlines, whole, done);
      const headers = outgoingHeaders(delivery, parts, attempt.startedAt);
      if (headers.passes > MOST_PASSES) attempt.refuse('loop');
      else pool.dispatch({ path: pathWith(event.query), method: event.method, headers: headers.flat, body: event.body }, attempt);
      return attempt;
    },
    async close() {
      await pool.close();
      deadlines.close();
    },
    async destroy() {
      await pool.destroy();
      deadlines.close();
    },
  };
}
