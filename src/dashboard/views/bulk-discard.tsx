import { useEffect, useRef, useState } from 'preact/hooks';
import { post } from '../api/client.ts';
import { type Discarded, discardAll } from '../discarding.ts';
import { useMayAct } from '../identity.ts';
import { Dialog } from '../parts/dialog.tsx';
import { count, counted } from '../words/figures.ts';

interface DiscardButtonProps {
  ids: readonly string[];
  /** `all that are listed`, `these` */
  label: string;
  /** For screen readers, where the label alone does not say what. */
  name?: string;
  onConfirmed: (ids: readonly string[]) => void;
}

/** Asks before dead letters are given up for good. */
export function DiscardButton({ ids, label, name, onConfirmed }: DiscardButtonProps) {
  // What is asked is what is done, whatever comes to the list meanwhile.
  const [asked, setAsked] = useState<readonly string[] | null>(null);
  if (!useMayAct()) return null;
  return (
    <>
      <button type="button" class="danger" aria-label={name} onClick={() => setAsked(ids)}>
        {label} …
      </button>
      {asked !== null && (
        <Dialog title={`Discard ${counted(asked.length, 'dead letter')}?`} onClose={() => setAsked(null)}>
          <p>
            They are given up for good: their targets never get them, and they leave this list. The events themselves stay and can
            be replayed as long as they are kept.
          </p>
          <p class="muted">They are discarded one after the other from this page, which must stay open. It can be stopped.</p>
          <div class="row end">
            <button type="button" onClick={() => setAsked(null)}>
              Leave them
            </button>
            <button
              type="button"
              class="danger"
              onClick={() => {
                setAsked(null);
                onConfirmed(asked);
              }}
            >
              Discard {counted(asked.length, 'dead letter')}
            </button>
          </div>
        </Dialog>
      )}
    </>
  );
}

interface DiscardProgressProps {
  ids: readonly string[];
  onEnd: () => void;
}

/** Discards, and says how far it is. Ends when it is no longer shown. */
export function DiscardProgress({ ids, onEnd }: DiscardProgressProps) {
  const [sum, setSum] = useState<Discarded>({ done: 0, failed: 0 });
  const [isOver, setOver] = useState(false);
  const stopped = useRef(new AbortController());
  useEffect(() => {
    const { signal } = stopped.current;
    const discard = (id: string) => post(`deliveries/${encodeURIComponent(id)}/discard`);
    void discardAll(ids, discard, { signal, told: setSum }).then(() => {
      setOver(true);
      onEnd();
    });
    return () => stopped.current.abort();
  }, []);
  const { done, failed } = sum;
  const isAll = done + failed === ids.length;
  return (
    <section class="card task" aria-label="Bulk discard">
      <div class="row between">
        <p>
          <span role="status">{!isOver ? 'Discarding' : isAll ? 'The discard is complete' : 'The discard was stopped'}</span>:{' '}
          {count(done)} of {count(ids.length)} done
          {failed > 0 && `, ${count(failed)} were changed by somebody else, or refused`}.
        </p>
        {!isOver && (
          <button type="button" onClick={() => stopped.current.abort()}>
            Stop
          </button>
        )}
      </div>
      <progress max={ids.length} value={done + failed} aria-label="Progress" />
    </section>
  );
}
