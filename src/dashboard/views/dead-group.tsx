import { useId, useState } from 'preact/hooks';
import { post } from '../api/client.ts';
import type { Delivery } from '../api/types.ts';
import type { DeadGroup } from '../dead-groups.ts';
import type { EventTypes } from '../event-types.ts';
import { placeOf } from '../location.ts';
import { Action } from '../parts/action.tsx';
import { EventType, Foreign, Time } from '../parts/shown.tsx';
import { answerStart, attemptWords, outlookWords } from '../words/delivery.ts';
import { count, counted } from '../words/figures.ts';
import { DiscardButton } from './bulk-discard.tsx';
import { BulkReplay } from './bulk-replay.tsx';

export interface DeadActs {
  types: EventTypes;
  /** A bulk replay began. */
  onReplayed: (taskId: string) => void;
  onDiscard: (deliveryIds: readonly string[]) => void;
  onChange: () => void;
}

interface DeadGroupCardProps extends DeadActs {
  group: DeadGroup;
  /** Then what can be done with all stands at the top already. */
  isAlone: boolean;
}

const FIRST = 5;
const MORE = 50;

/** Dead letters that ended in the same way: what they have in common, and the newest of them. */
export function DeadGroupCard({ group, isAlone, types, onReplayed, onDiscard, onChange }: DeadGroupCardProps) {
  const { target, failure, deliveries } = group;
  const [shown, setShown] = useState(FIRST);
  const titleId = useId();
  const ids = deliveries.map(({ id }) => id);
  const what = `that ended with “${target}: ${failure}”`;
  return (
    <section aria-labelledby={titleId}>
      <div class="row between">
        <h2 id={titleId}>
          {target} {failure} <span class="muted">· {counted(deliveries.length, 'dead letter')}</span>
        </h2>
        {!isAlone && (
          <div class="row">
            <DiscardButton ids={ids} label="Discard" name={`Discard those ${what}`} onConfirmed={onDiscard} />
            <BulkReplay
              filter={{ status: 'dead', deliveryIds: ids }}
              types={types}
              label="Replay"
              name={`Replay those ${what}`}
              onStarted={onReplayed}
            />
          </div>
        )}
      </div>
      <DeadTable
        deliveries={deliveries.slice(0, shown)}
        caption={`Dead letters ${what}, the newest first`}
        types={types}
        onChange={onChange}
      />
      {deliveries.length > shown && (
        <p class="after-table">
          <button type="button" class="quiet" onClick={() => setShown(shown + MORE)}>
            Show {count(Math.min(MORE, deliveries.length - shown))} more
          </button>
        </p>
      )}
    </section>
  );
}

interface DeadTableProps {
  deliveries: readonly Delivery[];
  caption: string;
  types: EventTypes;
  onChange: () => void;
}

/** In the order of the API, which is that of their beginning: a dead letter may be given up days after a later one. */
function DeadTable({ deliveries, caption, types, onChange }: DeadTableProps) {
  return (
    <table class="list">
      <caption class="unseen">{caption}</caption>
      <colgroup>
        <col class="col-time" />
        <col />
        <col class="col-action" />
      </colgroup>
      <thead class="unseen">
        <tr>
          <th scope="col">Created</th>
          <th scope="col">Why</th>
          <th scope="col">Actions</th>
        </tr>
      </thead>
      <tbody>
        {deliveries.map((delivery) => (
          <DeadRow key={delivery.id} delivery={delivery} type={types.get(delivery.eventId)} onChange={onChange} />
        ))}
      </tbody>
    </table>
  );
}

interface DeadRowProps {
  delivery: Delivery;
  /** Undefined while it is not known. */
  type: string | null | undefined;
  onChange: () => void;
}

function DeadRow({ delivery, type, onChange }: DeadRowProps) {
  const { id, eventId, target, route, lastAttempt, finishedAt, createdAt } = delivery;
  const retry = async (): Promise<string> => {
    await post(`deliveries/${encodeURIComponent(id)}/retry`);
    onChange();
    return `It is delivered to ${target} again.`;
  };
  const said = answerStart(lastAttempt);
  return (
    <tr data-id={id}>
      <td class="figures">
        <Time at={createdAt} />
      </td>
      <td>
        <a data-row href={placeOf(['events', eventId])}>
          {lastAttempt === null ? eventId : attemptWords(target, lastAttempt)}
        </a>
        {said !== '' && (
          <span class="small block">
            <Foreign text={said} />
          </span>
        )}
        <span class="muted small block">
          {type !== undefined && (
            <>
              <EventType type={type} /> ·{' '}
            </>
          )}
          {outlookWords(delivery)}
          {finishedAt !== null && (
            <>
              , <Time at={finishedAt} />
            </>
          )}{' '}
          · {route}
        </span>
      </td>
      <td class="end">
        <Action run={retry} label={`Retry the delivery of ${eventId} to ${target}`}>
          Retry
        </Action>
      </td>
    </tr>
  );
}
