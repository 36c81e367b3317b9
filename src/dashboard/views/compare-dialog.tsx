import type { TargetedSubmitEvent } from 'preact';
import { useState } from 'preact/hooks';
import { get, query, wordsOf } from '../api/client.ts';
import type { EventDetail, ListedEvent, Page } from '../api/types.ts';
import { placeOf } from '../location.ts';
import { Dialog } from '../parts/dialog.tsx';

/** Asks with which other event this one is compared. */
export function CompareDialog({ event, onClose }: { event: EventDetail; onClose: () => void }) {
  const [trouble, setTrouble] = useState<string | null>(null);
  const compareWith = (other: string): void => {
    onClose();
    // Ids sort by time: the older one on the left.
    const [left, right] = other < event.id ? [other, event.id] : [event.id, other];
    window.location.hash = placeOf(['events', event.id, 'compare'], { left, right });
  };
  const before = (conditions: Record<string, string>) => async (): Promise<void> => {
    setTrouble(null);
    try {
      const found = await eventBefore(event, conditions);
      if (found === null) setTrouble('There is none before it.');
      else compareWith(found);
    } catch (error) {
      setTrouble(wordsOf(error));
    }
  };
  const submit = (submitted: TargetedSubmitEvent<HTMLFormElement>): void => {
    submitted.preventDefault();
    const id = String(new FormData(submitted.currentTarget).get('id')).trim();
    if (id !== '') compareWith(id);
  };
  const { route, type } = event;
  return (
    <Dialog title="Compare this event with …" onClose={onClose}>
      <div class="stack">
        {type !== null && (
          <button type="button" onClick={() => void before({ route, type })()}>
            the one of its type before it
          </button>
        )}
        <button type="button" onClick={() => void before({ route })()}>
          the one before it on {route}
        </button>
        <form class="row" onSubmit={submit}>
          <input name="id" aria-label="Id of another event" placeholder="evt_…" maxLength={256} spellcheck={false} />
          <button type="submit">Compare</button>
        </form>
      </div>
      <div role="alert">{trouble !== null && <p class="trouble">{trouble}</p>}</div>
      <div class="row end">
        <button type="button" onClick={onClose}>
          Leave it
        </button>
      </div>
    </Dialog>
  );
}

const FEW = 20;

/** `to` is exclusive, and others may have come within the same millisecond. */
async function eventBefore({ id, receivedAt }: EventDetail, conditions: Record<string, string>): Promise<string | null> {
  const to = new Date(Date.parse(receivedAt) + 1).toISOString();
  const { data } = await get<Page<ListedEvent>>(`events${query({ ...conditions, to, limit: FEW })}`);
  return data.find((other) => other.id < id)?.id ?? null;
}
