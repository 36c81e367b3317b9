import type { HeaderList } from './event.ts';

/** A target's 2xx answer, whole and as it came: for a sender who waits for it. */
export interface TargetAnswer {
  status: number;
  /** One latin1 character a byte, as they came; those that concern one connection are still among them. */
  headers: HeaderList;
  /** Byte for byte: nothing was decompressed. */
  body: Buffer;
}

/**
 * What became of the attempt that a sender waits for.
 * - `too_large`: it succeeded, but its answer is larger than what is kept
 * - `failed`: the delivery goes on from the queue, or is a dead letter
 * - `filtered`: a filter keeps the event from the target
 * - `not_started`: no attempt can begin at the moment
 */
export type AwaitedResult =
  | { kind: 'answered'; answer: TargetAnswer }
  | { kind: 'too_large' }
  | { kind: 'failed' }
  | { kind: 'filtered' }
  | { kind: 'not_started' };
