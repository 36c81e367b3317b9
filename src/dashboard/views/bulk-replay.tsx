import { useState } from 'preact/hooks';
import { post, wordsOf } from '../api/client.ts';
import type { Delivery, ReplayFilter } from '../api/types.ts';
import { type EventTypes, learnTypes } from '../event-types.ts';
import { useMayAct } from '../identity.ts';
import { Dialog } from '../parts/dialog.tsx';
import { useTell } from '../parts/notices.tsx';
import { EventType, Foreign, Time } from '../parts/shown.tsx';
import { answerStart, attemptWords } from '../words/delivery.ts';
import { counted } from '../words/figures.ts';

interface Preview {
  matched: number;
  sample: Delivery[];
}

const SAMPLE = 5;

interface BulkReplayProps {
  filter: ReplayFilter;
  /** What is known of the events' types; what the sample needs is added. */
  types: EventTypes;
  /** Of the button, without the dots. */
  label: string;
  /** For screen readers, where the label alone does not say what. */
  name?: string;
  tone?: 'main' | 'plain';
  onStarted: (taskId: string) => void;
}

/** Replays all that a filter matches, after a dry run has shown what that is. */
export function BulkReplay({ filter, types, label, name, tone = 'plain', onStarted }: BulkReplayProps) {
  const mayAct = useMayAct();
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
  const look = () =>
    attempt(async () => {
      const { matched, sample } = await post<Preview>('replays', { filter, dryRun: true });
      const shown = sample.slice(0, SAMPLE);
      await learnTypes(types, shown, null);
      setPreview({ matched, sample: shown });
    });
  const start = () => {
    setPreview(null);
    return attempt(async () => onStarted((await post<{ taskId: string }>('replays', { filter })).taskId));
  };
  if (!mayAct) return null;
  return (
    <>
      <button type="button" class={tone} aria-label={name} disabled={isBusy} aria-busy={isBusy} onClick={() => void look()}>
        {label} …
      </button>
      {preview !== null && (
        <Dialog title={`Replay ${counted(preview.matched, 'dead letter')}?`} onClose={() => setPreview(null)}>
          <p>
            Each is tried again now{filter.target === undefined ? '' : ` at ${filter.target}`}, with a fresh budget of attempts.
            {preview.matched > 0 && ' Among them:'}
          </p>
          <Sample deliveries={preview.sample} types={types} />
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

const Sample = ({ deliveries, types }: { deliveries: readonly Delivery[]; types: EventTypes }) => (
  <ul class="sample">
    {deliveries.map((delivery) => (
      <SampleItem key={delivery.id} delivery={delivery} type={types.get(delivery.eventId)} />
    ))}
  </ul>
);

function SampleItem({ delivery, type }: { delivery: Delivery; type: string | null | undefined }) {
  const { target, lastAttempt, createdAt } = delivery;
  const said = answerStart(lastAttempt);
  return (
    <li>
      <Time at={createdAt} /> {type !== undefined && <EventType type={type} />}{' '}
      {lastAttempt === null ? target : attemptWords(target, lastAttempt)}
      {said !== '' && (
        <span class="muted small block">
          <Foreign text={said} />
        </span>
      )}
    </li>
  );
}
