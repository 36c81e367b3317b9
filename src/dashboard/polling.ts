import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { wordsOf } from './api/client.ts';

export interface Polled<T> {
  /** The last answer, kept while later ones fail. */
  value: T | null;
  /** Why the last try failed, or null. */
  trouble: string | null;
  /** Asks at once. */
  refresh(): void;
}

type Load<T> = (signal: AbortSignal) => Promise<T>;

const POLL_MS = 2_000;

/**
 * Asks again and again while the page can be seen, one request at a time.
 * @param load asks once; a new function (see useCallback) begins afresh, without the old one's answer
 */
export function usePolled<T>(load: Load<T>, everyMs = POLL_MS): Polled<T> {
  const [state, setState] = useState<{ of: Load<T>; value: T | null; trouble: string | null } | null>(null);
  const poller = useRef<Poller | null>(null);
  useEffect(() => {
    const started = startPolling(load, everyMs, {
      answered: (value) => setState({ of: load, value, trouble: null }),
      failed: (error) =>
        setState((last) => ({ of: load, value: last?.of === load ? last.value : null, trouble: wordsOf(error) })),
    });
    poller.current = started;
    return () => started.end();
  }, [load, everyMs]);
  const refresh = useCallback(() => poller.current?.ask(), []);
  const current = state?.of === load ? state : null;
  return { value: current?.value ?? null, trouble: current?.trouble ?? null, refresh };
}

interface Poller {
  ask(): void;
  end(): void;
}

function startPolling<T>(
  load: Load<T>,
  everyMs: number,
  { answered, failed }: { answered: (value: T) => void; failed: (error: unknown) => void },
): Poller {
  const ended = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isAsking = false;
  let askAgain = false;
  const ask = async (): Promise<void> => {
    // What was changed during a request may not be in its answer.
    askAgain = isAsking;
    if (isAsking) return;
    clearTimeout(timer);
    isAsking = true;
    try {
      const value = await load(ended.signal);
      if (!ended.signal.aborted) answered(value);
    } catch (error) {
      if (!ended.signal.aborted) failed(error);
    }
    isAsking = false;
    if (ended.signal.aborted) return;
    if (askAgain) void ask();
    else if (!document.hidden) timer = setTimeout(ask, everyMs);
  };
  const seen = (): void => {
    if (!document.hidden) void ask();
  };
  document.addEventListener('visibilitychange', seen);
  void ask();
  return {
    ask: () => void ask(),
    end: () => {
      ended.abort();
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', seen);
    },
  };
}
