import { once } from 'node:events';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { LookupFunction } from 'node:net';
import { type AddressGuard, ClosedAddress, lookupOf, outgoingUrlFault } from '../config/outgoing-address.ts';

const TIMEOUT_MS = 10_000;

/** A connection for each try, so that each is judged, and none through a proxy that the environment names. */
const ownAgent = new HttpAgent({ keepAlive: false });
const ownTlsAgent = new HttpsAgent({ keepAlive: false });

export interface CallbackPost {
  url: string;
  headers: Record<string, string>;
  body: string;
  guard: AddressGuard;
  signal: AbortSignal;
  /** How names become addresses; by default as the guard allows. */
  lookup?: LookupFunction;
}

/**
 * Posts once. Redirects are not followed, and nothing of the answer but its status is read.
 * @returns the status
 * @throws ClosedAddress, or what got met on the way
 */
export async function postCallback({
  url,
  headers,
  body,
  guard,
  signal,
  lookup = lookupOf(guard),
}: CallbackPost): Promise<number> {
  // Literals are never looked up, so they are judged here; at every try, for the configuration may have changed.
  const parsed = new URL(url);
  if (outgoingUrlFault(parsed, guard) !== null) throw new ClosedAddress(parsed.hostname);
  const { default: got } = await import('got'); // 9 MB of memory that most relays never need
  const request = got.stream.post(url, {
    headers,
    body,
    dnsLookup: lookup,
    agent: { http: ownAgent, https: ownTlsAgent },
    timeout: { request: TIMEOUT_MS },
    retry: { limit: 0 },
    followRedirect: false,
    throwHttpErrors: false,
    decompress: false,
    signal,
  });
  try {
    const [response] = (await once(request, 'response')) as [{ statusCode: number }];
    return response.statusCode;
  } finally {
    request.on('error', () => undefined); // it may still say that it was cut off
    request.destroy();
  }
}
