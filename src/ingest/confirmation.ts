import { isPublicAddress, lookupOf } from '../config/outgoing-address.ts';
import type { Confirmation } from './ports.ts';

/** The sender waits meanwhile: Amazon gives up after 15 s, and our own stop waits for 5 s. */
const TIMEOUT_MS = 4_000;

/** Each holds a connection: a sender that can have them made must not get many. */
const MOST_AT_ONCE = 8;

export interface ConfirmationOptions {
  timeoutMs: number;
  /** Which resolved addresses may be asked; those of the internet where it is left out. */
  isAllowed(address: string): boolean;
}

/**
 * Fetches the address of a confirmation once: no redirect is followed, nothing is tried again, and the answer's body is not
 * read. Only the code of a failure is told, because the address holds a token.
 */
export function createConfirmation(options: Partial<ConfirmationOptions> = {}): Confirmation {
  const { timeoutMs = TIMEOUT_MS, isAllowed = isPublicAddress } = options;
  let underway = 0;
  return {
    async confirm(url) {
      if (underway >= MOST_AT_ONCE) return { kind: 'failed', reason: 'too many confirmations at once' };
      underway += 1;
      try {
        return await fetchOnce(url, { timeoutMs, isAllowed });
      } finally {
        underway -= 1;
      }
    },
  };
}

async function fetchOnce(url: string, { timeoutMs, isAllowed }: ConfirmationOptions): ReturnType<Confirmation['confirm']> {
  const { default: got } = await import('got'); // loaded for the first confirmation: it takes 9 MB of memory
  const stream = got.stream(url, {
    followRedirect: false,
    retry: { limit: 0 },
    throwHttpErrors: false,
    timeout: { request: timeoutMs },
    dnsLookup: lookupOf(isAllowed),
  });
  return new Promise((resolve) => {
    stream.once('response', ({ statusCode }: { statusCode: number }) => {
      stream.destroy();
      const isGood = statusCode >= 200 && statusCode < 300;
      resolve(isGood ? { kind: 'confirmed' } : { kind: 'failed', reason: `it was answered ${statusCode}` });
    });
    stream.on('error', (error: NodeJS.ErrnoException) => resolve({ kind: 'failed', reason: error.code ?? 'no answer' }));
  });
}
