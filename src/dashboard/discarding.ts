export interface Discarded {
  done: number;
  /** Changed by somebody else meanwhile, or refused. */
  failed: number;
}

/** So many at once: the relay has other work. */
const BATCH = 8;

/**
 * Discards one delivery after the other, some at a time, until all are or the signal is aborted.
 * @param discard one of them; rejects when it could not
 * @param told after each batch
 */
export async function discardAll(
  ids: readonly string[],
  discard: (id: string) => Promise<unknown>,
  { signal, told }: { signal: AbortSignal; told: (sum: Discarded) => void },
): Promise<Discarded> {
  let sum: Discarded = { done: 0, failed: 0 };
  for (let at = 0; at < ids.length && !signal.aborted; at += BATCH) {
    const results = await Promise.allSettled(ids.slice(at, at + BATCH).map(discard));
    const done = results.filter(({ status }) => status === 'fulfilled').length;
    sum = { done: sum.done + done, failed: sum.failed + results.length - done };
    told(sum);
  }
  return sum;
}
