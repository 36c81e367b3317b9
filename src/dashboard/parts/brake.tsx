import type { TargetedSubmitEvent } from 'preact';
import { useId, useState } from 'preact/hooks';
import { post, wordsOf } from '../api/client.ts';
import type { Target } from '../api/types.ts';
import { useMayAct } from '../identity.ts';
import { counted } from '../words/figures.ts';
import { Action } from './action.tsx';
import { Dialog } from './dialog.tsx';
import { useTell } from './notices.tsx';

interface BrakeProps {
  target: Target;
  onChange: () => void;
}

/** Pauses a target, resumes it, or tries one that is down at once. @param asks whether resuming asks first, with what it sets going */
export function Brake({ target, onChange, asks = false }: BrakeProps & { asks?: boolean }) {
  const { name, state, counts } = target;
  const going = (said: string) => async (): Promise<string> => {
    await post(`targets/${encodeURIComponent(name)}/resume`);
    onChange();
    return said;
  };
  const resume = going(`${name} goes on.`);
  const probe = going(`${name} is tried now.`);
  if (state === 'open') {
    return (
      <div class="row one-line">
        <Action tone="main" label={`Try ${name} now`} run={probe}>
          Try now
        </Action>
        <Pause target={target} onChange={onChange} />
      </div>
    );
  }
  if (state !== 'paused') return <Pause target={target} onChange={onChange} />;
  const waiting = counts.pending ?? 0;
  const text =
    waiting === 0
      ? 'Nothing waits for it.'
      : `${counted(waiting, 'delivery', 'deliveries')} that waited are attempted, as fast as its limits let them.`;
  return (
    <Action tone="main" label={`Resume ${name}`} run={resume} {...(asks ? { ask: { title: `Resume ${name}?`, text } } : {})}>
      Resume
    </Action>
  );
}

/** Asks why: whoever finds it paused will want to know. */
function Pause({ target: { name }, onChange }: BrakeProps) {
  const [isAsking, setAsking] = useState(false);
  const mayAct = useMayAct();
  const tell = useTell();
  const helpId = useId();
  if (!mayAct) return null;
  const pause = async (event: TargetedSubmitEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const reason = String(new FormData(event.currentTarget).get('reason') ?? '').trim();
    setAsking(false);
    try {
      await post(`targets/${encodeURIComponent(name)}/pause`, reason === '' ? {} : { reason });
      tell(`${name} is paused.`);
    } catch (error) {
      tell(wordsOf(error), 'bad');
    }
    onChange();
  };
  return (
    <>
      <button type="button" aria-label={`Pause ${name}`} onClick={() => setAsking(true)}>
        Pause
      </button>
      {isAsking && (
        <Dialog title={`Pause ${name}?`} onClose={() => setAsking(false)}>
          <p id={helpId}>
            No delivery to it is attempted until somebody resumes it; those that run are finished. Events are still accepted and
            wait.
          </p>
          <form onSubmit={(event) => void pause(event)}>
            <label>
              Reason, for whoever finds it paused (may be empty)
              <input name="reason" maxLength={500} autocomplete="off" aria-describedby={helpId} />
            </label>
            <div class="row end">
              <button type="button" onClick={() => setAsking(false)}>
                Leave it
              </button>
              <button type="submit" class="main">
                Pause
              </button>
            </div>
          </form>
        </Dialog>
      )}
    </>
  );
}
