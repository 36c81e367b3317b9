import { useEffect, useState } from 'preact/hooks';
import { type EventBody, getBody, wordsOf } from './api/client.ts';
import type { EventDetail } from './api/types.ts';

/** Larger ones are for downloading. */
const LOADED_BYTES = 1024 * 1024;

export type LoadedBody =
  | { kind: 'loading' }
  | { kind: 'too-large' }
  | { kind: 'gone' }
  | { kind: 'failed'; why: string }
  | ({ kind: 'loaded' } & EventBody);

/** The bytes of an event's body. */
export function useBody({ id, size, bodyGone }: EventDetail): LoadedBody {
  const [state, setState] = useState<LoadedBody>({ kind: 'loading' });
  useEffect(() => {
    if (bodyGone || size > LOADED_BYTES) {
      setState({ kind: bodyGone ? 'gone' : 'too-large' });
      return;
    }
    const ended = new AbortController();
    getBody(id, ended.signal).then(
      (body) => setState({ kind: 'loaded', ...body }),
      (error: unknown) => {
        if (!ended.signal.aborted) setState({ kind: 'failed', why: wordsOf(error) });
      },
    );
    return () => ended.abort();
  }, [id, size, bodyGone]);
  return state;
}
