import { type LookupAddress, type LookupAllOptions, type LookupOneOptions, lookup } from 'node:dns';
import { once } from 'node:events';
import { type AddressGuard, outgoingUrlFault } from '../config/outgoing-address.ts';

const TIMEOUT_MS = 10_000;

/** The URL leads to an address that may not be called; asking again does not change that. */
export class ClosedAddress extends Error {
  readonly code = 'callback_address_closed';

  constructor() {
    super('The callback URL leads to an address that may not be called');
    this.name = 'ClosedAddress';
  }
}

type Lookup = (
  host: string,
  options: LookupAllOptions,
  done: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/** Resolves names for one connection and leaves out what may not be called: what was checked is what is connected to. */
function guardedLookup(guard: AddressGuard, resolve: Lookup) {
  type Done = (error: Error | null, address?: string | LookupAddress[], family?: number) => void;
  return (host: string, options: LookupOneOptions | LookupAllOptions, done: Done): void => {
    resolve(host, { ...options, all: true }, (error, addresses) => {
      if (error !== null) {
        done(error);
        return;
      }
      const open = addresses.filter(({ address }) => guard(address));
      const [first] = open;
      if (first === undefined) done(new ClosedAddress());
      else if (options.all === true) done(null, open);
      else done(null, first.address, first.family);
    });
  };
}

export interface CallbackPost {
  url: string;
  headers: Record<string, string>;
  body: string;
  guard: AddressGuard;
  signal: AbortSignal;
  /** For tests; the system's own by default. */
  resolve?: Lookup;
}

/**
 * Posts once. Redirects are not followed, and nothing of the answer but its status is read.
 * @returns the status
 * @throws ClosedAddress, or what got met on the way
 */
export async function postCallback({ url, headers, body, guard, signal, resolve = lookup }: CallbackPost): Promise<number> {
  // Literals are never looked up, so they are judged here; at every try, for the configuration may have changed.
  if (outgoingUrlFault(new URL(url), guard) !== null) throw new ClosedAddress();
  const { default: got } = await import('got'); // 9 MB of memory that most relays never need
  const request = got.stream.post(url, {
    headers,
    body,
    dnsLookup: guardedLookup(guard, resolve) as never,
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
