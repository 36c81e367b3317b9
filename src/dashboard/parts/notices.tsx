import { type ComponentChildren, createContext } from 'preact';
import { useCallback, useContext, useEffect, useState } from 'preact/hooks';

interface Notice {
  number: number;
  tone: 'good' | 'bad';
  text: string;
}

type Tell = (text: string, tone?: Notice['tone']) => void;

const Telling = createContext<Tell>(() => {});

/** Says what an action brought, where screen readers hear it too. */
export const useTell = (): Tell => useContext(Telling);

const SHOWN_MS = 6_000;

/** Shows the last notice. What went wrong stays until it is closed. */
export function Notices({ children }: { children: ComponentChildren }) {
  const [notice, setNotice] = useState<Notice | null>(null);
  const tell = useCallback<Tell>((text, tone = 'good') => {
    setNotice((last) => ({ number: (last?.number ?? 0) + 1, tone, text }));
  }, []);
  useEffect(() => {
    if (notice === null || notice.tone === 'bad') return;
    const timer = setTimeout(() => setNotice(null), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [notice]);
  return (
    <Telling.Provider value={tell}>
      {children}
      <div class="notices" role="status" aria-live="polite">
        {notice !== null && (
          <p key={notice.number} class={`notice notice-${notice.tone}`}>
            <span>{notice.text}</span>
            <button type="button" class="quiet" aria-label="Close this message" onClick={() => setNotice(null)}>
              ✕
            </button>
          </p>
        )}
      </div>
    </Telling.Provider>
  );
}
