import { type AuthConfig, basicCredentials, urlCredentials } from '../../config/outgoing.ts';
import { outgoingSecrets } from '../../config/outgoing-shown.ts';
import type { TargetConfig } from '../../config/types.ts';
import type { Clock } from '../../domain/clock.ts';
import type { LeasedDelivery } from '../../domain/leased-delivery.ts';
import type { Logger } from '../../domain/logger.ts';
import { HttpAttempt } from '../attempt.ts';
import type { AttemptResult } from '../classify.ts';
import { Deadlines } from '../deadlines.ts';
import { proxyFailure } from '../failure.ts';
import { prepareChanges } from '../header-changes.ts';
import { type HeaderParts, outgoingHeaders } from '../headers.ts';
import { ProxyError } from '../proxy-error.ts';
import { createSigner } from '../signing.ts';
import type { Pool } from '../undici.ts';
import type { WholeAnswer } from '../whole-answer.ts';
import { Connections } from './connections.ts';
import { echoMask } from './echo-mask.ts';
import { parseProxy } from './proxy.ts';
import { createPool, isForwarded, type Way } from './target-pool.ts';
import { TlsFiles } from './tls-files.ts';

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
   * @param pathSuffix appended to the target's path; begins with a slash, or is empty
   */
  send(
    delivery: LeasedDelivery,
    whole: WholeAnswer | null,
    done: (result: AttemptResult) => void,
    pathSuffix?: string,
  ): RunningAttempt;
  /** Resolves when its attempts have ended and its connections are closed. */
  close(): Promise<void>;
  /** Closes all connections now, also those that are still being made for attempts that have ended. */
  destroy(): Promise<void>;
}

/** A request that has been through this relay so often is in a loop; a relay in front of a relay is not one. */
const MOST_PASSES = 5;

function authorization(url: URL, auth: AuthConfig | null): string | null {
  if (auth?.kind === 'bearer') return `Bearer ${auth.token}`;
  if (auth !== null) return `Basic ${basicCredentials(auth.username, auth.password)}`;
  const credentials = urlCredentials(url);
  return credentials === null ? null : `Basic ${credentials}`;
}

function headerParts(url: URL, config: TargetConfig, info: PublicInfo): HeaderParts {
  const own = info.publicUrl === null ? null : new URL(info.publicUrl);
  return {
    authorization: authorization(url, config.outgoing.auth),
    instance: info.instance,
    proto: own === null ? 'http' : own.protocol.slice(0, -1),
    host: own === null ? null : own.host,
    signer: createSigner(config.signingSecrets),
    changes: prepareChanges(config.outgoing.headers),
  };
}

/** What is to be done with the result of an attempt on these connections; null for a target of which nothing special is known. */
function afterwards(way: Way, connections: Connections): ((result: AttemptResult, pool: Pool) => AttemptResult) | null {
  const { outgoing, url } = way.config;
  const mask = echoMask(outgoingSecrets(url, outgoing));
  const forwarded = isForwarded(way);
  if (mask === null && !forwarded && !outgoing.http2) return null;
  return (result, pool) => {
    // An attempt over HTTP/1.1 takes its connection with it. Over HTTP/2 the next one would meet the same silence.
    if (outgoing.http2 && result.failure?.code === 'timeout') connections.replace(pool);
    const failure = forwarded && result.statusCode === 407 ? proxyFailure(ProxyError.answered(407)) : result.failure;
    const response = mask === null || result.response === null ? result.response : mask(result.response);
    return { ...result, failure, response };
  };
}

/** What a proxy that is asked for whole URLs gets beside the target's headers, names and values by turns. */
function forwardedHeaders(way: Way): string[] | null {
  if (!isForwarded(way)) return null;
  const authorization = way.proxy?.authorization ?? null;
  return ['host', way.url.host, ...(authorization === null ? [] : ['proxy-authorization', authorization])];
}

/** HTTP/2 knows small letters only, and two spellings of one name are one header. */
function lowerCaseNames(flat: string[]): void {
  for (let i = 0; i < flat.length; i += 2) flat[i] = flat[i]?.toLowerCase() ?? '';
}

/** @throws TypeError when the configured URL is none; HookbayError when a certificate cannot be used: loading rules both out */
export function createHttpTarget(
  config: TargetConfig,
  info: PublicInfo,
  { clock, logger }: { clock: Clock; logger: Logger },
): HttpTarget {
  const url = new URL(config.url);
  const { tls, proxy, http2 } = config.outgoing;
  const parts = headerParts(url, config, info);
  const closing = new AbortController();
  const way: Way = { url, config, proxy: proxy === null ? null : parseProxy(proxy), closed: closing.signal };
  const changed = (): void => connections.replace(connections.current);
  const files = tls === null ? null : new TlsFiles(config.name, tls, { clock, logger, changed });
  const connections = new Connections(() => createPool(way, files?.texts ?? null));
  const after = afterwards(way, connections);
  const forwarded = forwardedHeaders(way);
  const deadlines = new Deadlines(clock, config.timeoutMs);
  const origin = forwarded === null ? '' : url.origin;
  const plainPath = origin + url.pathname + url.search;
  const pathWith = (query: string, suffix: string): string => {
    const path = suffix === '' ? plainPath : origin + url.pathname.replace(/\/$/, '') + suffix + url.search;
    if (query === '') return path;
    return `${path}${url.search === '' ? '?' : '&'}${query}`;
  };
  return {
    send(delivery, whole, done, pathSuffix = '') {
      const { event } = delivery;
      const pool = connections.current;
      const ended = after === null ? done : (result: AttemptResult) => done(after(result, pool));
      const attempt = new HttpAttempt(clock, deadlines, whole, ended);
      const headers = outgoingHeaders(delivery, parts, attempt.startedAt);
      if (forwarded !== null) headers.flat.push(...forwarded);
      if (http2) lowerCaseNames(headers.flat);
      if (headers.passes > MOST_PASSES) attempt.refuse('loop');
      else
        pool.dispatch(
          { path: pathWith(event.query, pathSuffix), method: event.method, headers: headers.flat, body: event.body },
          attempt,
        );
      return attempt;
    },
    async close() {
      files?.close();
      await connections.close();
      deadlines.close();
    },
    async destroy() {
      files?.close();
      closing.abort();
      await connections.destroy();
      deadlines.close();
    },
  };
}
