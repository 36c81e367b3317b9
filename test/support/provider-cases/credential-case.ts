import type { KeySource } from '../../../src/ingest/key-source.ts';
import type { OutgoingRequest } from '../../../src/providers/draft.ts';
import type { SenderSettings } from '../../../src/providers/sender.ts';
import type { SourceText } from '../../../src/providers/source.ts';

/** Two keys that a route may know, and one that it never knows. */
export type Which = 'first' | 'second' | 'stranger';

/** What a provider does, or why it does not. */
export type Applies<T> = T | { because: string };

/** What of a JSON body a signature covers, when it is not every byte: these fields, and for example not that one. */
export interface CoveredFields {
  fields: readonly string[];
  not: string;
}

/** One credential of a preset, signed for by code that shares nothing with ours. */
export interface CredentialCase {
  /** A route's settings with these keys, and a source for those that are fetched. */
  configure: (which: readonly Which[]) => { settings: SenderSettings; keys?: KeySource };
  sign: (request: OutgoingRequest, which: Which, now: number) => OutgoingRequest;
  /** Where the token or signature stands. */
  place: SourceText;
  /** Other headers without which it proves nothing. */
  needs: readonly string[];
  toleranceMs: Applies<number>;
  covers: Applies<'every byte' | CoveredFields>;
  /** Puts the signatures of two requests, which are equal otherwise, into the first. */
  merge: Applies<(first: OutgoingRequest, second: OutgoingRequest) => OutgoingRequest>;
}

export function reasonAgainst(applies: Applies<unknown>): string | null {
  return typeof applies === 'object' && applies !== null && 'because' in applies ? String(applies.because) : null;
}

/** @throws for a case to which it does not apply */
export function applicable<T>(applies: Applies<T>): T {
  const reason = reasonAgainst(applies);
  if (reason !== null) throw new Error(`does not apply: ${reason}`);
  return applies as T;
}
