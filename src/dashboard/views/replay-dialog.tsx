import { useEffect, useState } from 'preact/hooks';
import { get, post, wordsOf } from '../api/client.ts';
import type { Delivery, EventDetail, Page, Route, Target } from '../api/types.ts';
import { Dialog } from '../parts/dialog.tsx';
import { useTell } from '../parts/notices.tsx';
import { EventType } from '../parts/shown.tsx';
import { counted } from '../words/figures.ts';

interface ReplayDialogProps {
  /** Of the event. */
  id: string;
  onClose: () => void;
  onReplayed: () => void;
}

interface Choices {
  event: EventDetail;
  targets: string[];
  /** To which its route delivers now. */
  usual: string[];
}

async function choicesFor(id: string, signal: AbortSignal): Promise<Choices> {
  const [event, targets, routes] = await Promise.all([
    get<EventDetail>(`events/${encodeURIComponent(id)}`, signal),
    get<Page<Target>>('targets', signal),
    get<Page<Route>>('routes', signal),
  ]);
  const route = routes.data.find(({ name }) => name === event.route);
  return { event, targets: targets.data.map(({ name }) => name), usual: route?.deliver.map(({ target }) => target) ?? [] };
}

/** Asks to which targets an event goes once more. */
export function ReplayDialog({ id, onClose, onReplayed }: ReplayDialogProps) {
  const [choices, setChoices] = useState<Choices | null>(null);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [trouble, setTrouble] = useState<string | null>(null);
  const tell = useTell();
  useEffect(() => {
    const ended = new AbortController();
    choicesFor(id, ended.signal).then(
      (found) => {
        setChoices(found);
        setChosen(new Set(found.usual));
      },
      (error: unknown) => {
        if (!ended.signal.aborted) setTrouble(wordsOf(error));
      },
    );
    return () => ended.abort();
  }, [id]);
  const replay = async (): Promise<void> => {
    onClose();
    try {
      const { deliveries } = await post<{ deliveries: Delivery[] }>(
        `events/${encodeURIComponent(id)}/replay`,
        bodyFor(choices, chosen),
      );
      tell(`Replayed: ${counted(deliveries.length, 'new delivery', 'new deliveries')}.`);
      onReplayed();
    } catch (error) {
      tell(wordsOf(error), 'bad');
    }
  };
  const toggle = (name: string): void => {
    const next = new Set(chosen);
    if (!next.delete(name)) next.add(name);
    setChosen(next);
  };
  return (
    <Dialog title="Replay this event?" onClose={onClose}>
      {choices === null && <p class={trouble === null ? 'muted' : 'trouble'}>{trouble ?? 'Loading …'}</p>}
      {choices !== null && (
        <>
          <p>
            <EventType type={choices.event.type} /> goes out once more, as a new delivery, also to targets that had it before.
          </p>
          <fieldset class="choices">
            <legend>To</legend>
            {choices.targets.map((name) => (
              <label key={name} class="check">
                <input type="checkbox" checked={chosen.has(name)} onChange={() => toggle(name)} />
                {name}
                {!choices.usual.includes(name) && <span class="muted small"> not of this route</span>}
              </label>
            ))}
          </fieldset>
        </>
      )}
      <div class="row end">
        <button type="button" onClick={onClose}>
          Leave it
        </button>
        <button type="button" class="main" disabled={chosen.size === 0} onClick={() => void replay()}>
          {chosen.size === 0 ? 'Replay' : `Replay to ${counted(chosen.size, 'target')}`}
        </button>
      </div>
    </Dialog>
  );
}

/** Without names where they are the usual ones: then the route's own rules for its targets count. */
function bodyFor(choices: Choices | null, chosen: ReadonlySet<string>): { targets?: string[] } {
  const usual = new Set(choices?.usual);
  const isUsual = usual.size === chosen.size && [...chosen].every((name) => usual.has(name));
  return isUsual ? {} : { targets: [...chosen] };
}
