import type { KeyObject } from 'node:crypto';
import { isIP } from 'node:net';
import pRetry from 'p-retry';
import { isPublicAddress, lookupOf } from '../config/outgoing-address.ts';
import type { Clock } from '../domain/clock.ts';
import type { Logger } from '../domain/logger.ts';
import { fetchedKeys, type KeyAddress } from '../providers/keys.ts';
import type { KeySource } from './key-source.ts';
import { TokenBucket } from './token-bucket.ts';

/** Half a day: fal asks for at most a whole one. */
const KEPT_MS = 12 * 3_600_000;
/** A set of keys is asked for again at most this often when a signature fits none of them. */
const REFRESH_MS = 60_000;
/** An address that gave no key is left alone for a while. */
const FAILED_MS = 10_000;
const MOST_KEPT = 64;
const MOST_FAILED = 256;
/** A request may name the address, so what strangers can make us fetch is bounded. */
const MOST_AT_ONCE = 4;
const FETCHES = { perSecond: 0.5, burst: 20 };
/** Senders give up after some seconds, and the append needs its time as well. */
const DEADLINE_MS = 3_000;
const ONE_TRY_MS = 2_000;
const LARGEST_BYTES = 64 * 1024;

export interface HttpKeysOptions {
  clock: Clock;
  logger: Logger;
  /** Which resolved addresses may be asked; those of the internet where it is left out. */
  isAllowed?: (address: string) => boolean;
  /** Certificates in PEM that are trusted in place of the usual ones. */
  authorities?: string;
}

interface Kept {
  keys: readonly KeyObject[];
  /** Monotonic, ms. */
  at: number;
}

/** Fetches keys over HTTPS and keeps them, by their address; one fetch for all who wait. */
export class HttpKeys implements KeySource {
  readonly #options: HttpKeysOptions;
  readonly #kept = new Map<string, Kept>();
  readonly #failed = new Map<string, number>();
  readonly #loading = new Map<string, Promise<boolean>>();
  /** Apart, so that certificates whose address a stranger names keep nobody from the keys at a fixed one. */
  readonly #fetches = { cert: new TokenBucket(FETCHES), jwks: new TokenBucket(FETCHES) };

  constructor(options: HttpKeysOptions) {
    this.#options = options;
  }

  known(address: KeyAddress): ReturnType<KeySource['known']> {
    const kept = this.#kept.get(nameOf(address));
    if (kept === undefined) return null;
    const age = this.#options.clock.monotonic() - kept.at;
    if (age > KEPT_MS) return null;
    return { keys: kept.keys, mayHaveChanged: address.format === 'jwks' && age > REFRESH_MS };
  }

  load(address: KeyAddress): Promise<boolean> {
    const name = nameOf(address);
    const running = this.#loading.get(name);
    if (running !== undefined) return running;
    const now = this.#options.clock.monotonic();
    const failedAt = this.#failed.get(name);
    if (failedAt !== undefined && now - failedAt < FAILED_MS) return Promise.resolve(false);
    const isFull = address.format === 'cert' && this.#loading.size >= MOST_AT_ONCE;
    if (isFull || !this.#fetches[address.format].take(now)) return Promise.resolve(false);
    const loading = this.#fetch(address, name).finally(() => this.#loading.delete(name));
    this.#loading.set(name, loading);
    return loading;
  }

  async #fetch(address: KeyAddress, name: string): Promise<boolean> {
    const { clock, logger } = this.#options;
    try {
      const signal = AbortSignal.timeout(DEADLINE_MS);
      const text = await pRetry(() => this.#read(address.url, signal), { retries: 1, minTimeout: 100, signal });
      const keys = fetchedKeys(text, address, clock.now());
      if (keys.length === 0) throw new Error(`there is no valid ${address.algorithm} key`);
      remember(this.#kept, name, { keys, at: clock.monotonic() }, MOST_KEPT);
      this.#failed.delete(name);
      return true;
    } catch (error) {
      remember(this.#failed, name, clock.monotonic(), MOST_FAILED);
      logger.warn({ host: new URL(address.url).host, error: (error as Error).message }, 'provider_key_unavailable');
      return false;
    }
  }

  async #read(url: string, signal: AbortSignal): Promise<string> {
    if (!url.startsWith('https://')) throw new Error('keys are only taken over https');
    const { isAllowed = isPublicAddress, authorities } = this.#options;
    // An address that is written out is connected to without being looked up.
    if (isIP(new URL(url).hostname.replace(/^\[|\]$/g, '')) !== 0) throw new Error('keys are only taken from hosts with a name');
    const { default: got } = await import('got'); // loaded when it is used: it takes 9 MB of memory
    const response = got.stream(url, {
      followRedirect: false,
      retry: { limit: 0 },
      timeout: { request: ONE_TRY_MS },
      dnsLookup: lookupOf(isAllowed),
      decompress: false,
      headers: { 'accept-encoding': 'identity' },
      signal,
      ...(authorities === undefined ? {} : { https: { certificateAuthority: authorities } }),
    });
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of response as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > LARGEST_BYTES) throw new Error(`more than ${LARGEST_BYTES} bytes came`);
      chunks.push(chunk);
    }
    if (response.response?.statusCode !== 200) throw new Error(`the answer was ${response.response?.statusCode}`);
    return Buffer.concat(chunks).toString();
  }
}

const nameOf = ({ url, algorithm }: KeyAddress): string => `${algorithm} ${url}`;

/** Adds to a map of bounded size; the oldest entry goes. */
function remember<T>(map: Map<string, T>, name: string, value: T, most: number): void {
  map.delete(name);
  map.set(name, value);
  const [oldest] = map.keys();
  if (map.size > most && oldest !== undefined) map.delete(oldest);
}
