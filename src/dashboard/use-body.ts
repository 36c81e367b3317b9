import { useEffect, useState } from 'preact/hooks';
import { getBody, wordsOf } from './api/client.ts';

/** Larger ones are for downloading. */
const LOADED_BYTES = 1024 * 1024;

export type LoadedBody =
  | { kind: 'loading' }
  | { kind: 'too-large' }
  | { kind: 'failed'; why: string }
  | { kind: 'loaded'; bytes: Uint8Array };

/** The bytes of an event's body. */
export function useBody(id: string, size: number): LoadedBody {
  const [state, setState] = useState<LoadedBody>({ kind: 'loading' });
  useEffect(() => {
    if (size > LOADED_BYTES) {
      setState({ kind: 'too-large' });
      return;
    }
    const ended = new AbortController();
    getBody(id, ended.signal).then(
      (bytes) => setState({ kind: 'loaded', bytes }),
      (error: unknown) => {
        if (!ended.signal.aborted) setState({ kind: 'failed', why: wordsOf(error) });
      },
    );
    return () => ended.abort();
  }, [id, size]);
  return state;
}
