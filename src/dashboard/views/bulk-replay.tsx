import { useState } from 'preact/hooks';
import { post, wordsOf } from '../api/client.ts';
import type { Delivery, ReplayFilter } from '../api/types.ts';
import { Dialog } from '../parts/dialog.tsx';
import { useTell } from '../parts/notices.tsx';
import { Time } from '../parts/shown.tsx';
import { attemptWords } from '../words/delivery.ts';
import { counted } from '../words/figures.ts';

interface Preview {
  matched: number;
  sample: Delivery[];
}

const SAMPLE = 5;

/** Replays all that a filter matches, after a dry run has shown what that is. */
export function BulkReplay({ filter, onStarted }: { filter: ReplayFilter; onStarted: (taskId: string) => void }) {
  const [preview, setPreview] = useState<Preview | null>(null);
  const [isBusy, setBusy] = useState(false);
  const tell = useTell();
  const attempt = async (work: () => Promise<void>): Promise<void> => {
    setBusy(true);
    try {
      await work();
    } catch (error) {
      tell(wordsOf(error), 'bad');
    }
    setBusy(false);
  };
  const look = () => attempt(async () => setPreview(await post<Preview>('replays', { filter, dryRun: true })));
  const start = () => {
    setPreview(null);
    return attempt(async () => onStarted((await post<{ taskId: string }>('replays', { filter })).taskId));
  };
  return (
    <>
      <button type="button" class="main" disabled={isBusy} aria-busy={isBusy} onClick={() => void look()}>
        Replay all …
      </button>
      {preview !== null && (
        <Dialog title={`Replay ${counted(preview.matched, 'dead letter')}?`} onClose={() => setPreview(null)}>
          <p>
            Each is tried again now{filter.target === undefined ? '' : ` at ${filter.target}`}, with a fresh budget of attempts.
            {preview.matched > 0 && ' Among them:'}
          </p>
          <Sample deliveries={preview.sample.slice(0, SAMPLE)} />
          <div class="row end">
            <button type="button" onClick={() => setPreview(null)}>
              Leave them
            </button>
            <button type="button" class="main" disabled={preview.matched === 0} onClick={() => void start()}>
              Replay {counted(preview.matched, 'dead letter')}
            </button>
          </div>
        </Dialog>
      )}
    </>
  );
}

const Sample = ({ deliveries }: { deliveries: readonly Delivery[] }) => (
  <ul class="sample">
    {deliveries.map(({ id, target, lastAttempt, createdAt }) => (
      <li key={id}>
        <Time at={createdAt} /> {lastAttempt === null ? target : attemptWords(target, lastAttempt)}
      </li>
    ))}
  </ul>
);
