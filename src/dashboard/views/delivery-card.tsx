import { post } from '../api/client.ts';
import type { Attempt, Delivery, ShownStatus } from '../api/types.ts';
import { Action } from '../parts/action.tsx';
import { Foreign, HeaderTable, Status, Time } from '../parts/shown.tsx';
import { attemptWords, outlookWords, triggerWords } from '../words/delivery.ts';

interface DeliveryCardProps {
  delivery: Delivery;
  history: readonly Attempt[];
  /** What keeps its target from being tried, if anything. */
  stop: 'paused' | 'down' | null;
  onChange: () => void;
}

/** One delivery with its attempts in words, newest first. */
export function DeliveryCard(props: DeliveryCardProps) {
  const { delivery, history, stop, onChange } = props;
  const outlook = outlookWords(delivery, stop);
  return (
    <li class="card" aria-label={`Delivery to ${delivery.target}`}>
      <div class="row between">
        <h3>
          {delivery.target} <Status status={delivery.status} />
        </h3>
        <DeliveryActions delivery={delivery} onChange={onChange} />
      </div>
      <ol class="timeline" reversed>
        {outlook !== '' && (
          <li class={`next next-${delivery.status}`}>
            <p class="outlook">{outlook.charAt(0).toUpperCase() + outlook.slice(1)}</p>
          </li>
        )}
        {[...history].reverse().map((attempt) => (
          <AttemptItem key={attempt.number} target={delivery.target} attempt={attempt} />
        ))}
      </ol>
      {history.length === 0 && outlook === '' && <p class="muted">No attempt yet.</p>}
      <p class="muted small">
        <code>{delivery.id}</code>
      </p>
    </li>
  );
}

function AttemptItem({ target, attempt }: { target: string; attempt: Attempt }) {
  const { response, startedAt, trigger, outcome, number } = attempt;
  const said = attemptWords(target, attempt);
  const what = (
    <>
      <span class="muted small">{number}.</span> <Time at={startedAt} /> <span class={`said said-${outcome}`}>{said}</span>{' '}
      <span class="muted small">{triggerWords(trigger)}</span>
    </>
  );
  if (response === null) return <li class={`tried tried-${outcome}`}>{what}</li>;
  return (
    <li class={`tried tried-${outcome}`}>
      <details>
        <summary>{what}</summary>
        <HeaderTable headers={response.headers} caption={`Headers of ${target}'s answer`} />
        {response.body !== '' && (
          <pre class="answer">
            <Foreign text={response.body} />
          </pre>
        )}
        {response.truncated && <p class="muted small">Only the beginning of the answer is kept.</p>}
      </details>
    </li>
  );
}

type Verb = 'retry' | 'release' | 'cancel' | 'discard';

const ALLOWED: Record<Verb, readonly ShownStatus[]> = {
  retry: ['dead', 'pending', 'held'],
  release: ['held'],
  cancel: ['pending', 'delivering'],
  discard: ['dead', 'held'],
};

const VERBS: Record<Verb, { label: string; said: string; ask?: string }> = {
  retry: { label: 'Retry now', said: 'It is tried now, with a fresh budget of attempts.' },
  release: { label: 'Release', said: 'It goes on.' },
  cancel: {
    label: 'Cancel',
    said: 'Cancelled.',
    ask: 'No further attempt is made. An attempt that runs now may still reach it.',
  },
  discard: { label: 'Discard', said: 'Discarded.', ask: 'It is given up for good. The event itself stays.' },
};

function DeliveryActions({ delivery, onChange }: { delivery: Delivery; onChange: () => void }) {
  const { id, target, status } = delivery;
  const act = (verb: Verb) => async (): Promise<string> => {
    await post(`deliveries/${encodeURIComponent(id)}/${verb}`);
    onChange();
    return VERBS[verb].said;
  };
  const verbs = (Object.keys(ALLOWED) as Verb[]).filter((verb) => ALLOWED[verb].includes(status));
  return (
    <div class="row">
      {verbs.map((verb) => {
        const { label, ask } = VERBS[verb];
        const question = ask === undefined ? {} : { ask: { title: `${label} the delivery to ${target}?`, text: ask } };
        const tone = verb === 'retry' && status === 'dead' ? 'main' : ask === undefined ? 'plain' : 'danger';
        return (
          <Action key={verb} run={act(verb)} tone={tone} label={`${label}, delivery to ${target}`} {...question}>
            {label}
          </Action>
        );
      })}
    </div>
  );
}
