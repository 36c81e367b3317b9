import { useState } from 'preact/hooks';
import { post, wordsOf } from '../api/client.ts';
import { useMayAct } from '../identity.ts';
import { focusedRow, useKey } from '../keys.ts';
import { Dialog } from '../parts/dialog.tsx';
import { useTell } from '../parts/notices.tsx';

/** For the keyboard: asks whether the dead letter that has the focus is tried again. */
export function RetryFocused({ onRetried }: { onRetried: () => void }) {
  const [id, setId] = useState<string | null>(null);
  const mayAct = useMayAct();
  const tell = useTell();
  useKey('r', 'Retry the dead letter that has the focus', () => {
    if (mayAct) setId(focusedRow()?.closest('tr')?.dataset.id ?? null);
  });
  if (id === null) return null;
  const retry = async (): Promise<void> => {
    setId(null);
    try {
      await post(`deliveries/${encodeURIComponent(id)}/retry`);
      tell('It is delivered again.');
      onRetried();
    } catch (error) {
      tell(wordsOf(error), 'bad');
    }
  };
  return (
    <Dialog title="Try this delivery again?" onClose={() => setId(null)}>
      <p>It is tried now, with a fresh budget of attempts.</p>
      <div class="row end">
        <button type="button" onClick={() => setId(null)}>
          Leave it
        </button>
        <button type="button" class="main" onClick={() => void retry()}>
          Retry
        </button>
      </div>
    </Dialog>
  );
}
