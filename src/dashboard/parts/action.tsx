import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { wordsOf } from '../api/client.ts';
import { useMayAct } from '../identity.ts';
import { Dialog } from './dialog.tsx';
import { useTell } from './notices.tsx';

interface ActionProps {
  children: ComponentChildren;
  /** Does it. @returns what to say when it worked */
  run: () => Promise<string>;
  /** Asks first, with what will happen. */
  ask?: { title: string; text: string };
  tone?: 'main' | 'danger' | 'plain';
  /** For screen readers, where the label alone does not say on what. */
  label?: string;
  /** Also shown to viewers: it changes nothing of the relay. */
  forEverybody?: boolean;
}

/** A button that does one thing at a time, says how it went, and asks before what cannot be undone. */
export function Action({ children, run, ask, tone = 'plain', label, forEverybody = false }: ActionProps) {
  const [isAsking, setAsking] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const tell = useTell();
  const mayAct = useMayAct();
  const act = async (): Promise<void> => {
    setAsking(false);
    setBusy(true);
    try {
      tell(await run());
    } catch (error) {
      tell(wordsOf(error), 'bad');
    }
    setBusy(false);
  };
  // Not `disabled`: that would take the focus away from who pressed it.
  const press = (): void => {
    if (isBusy) return;
    if (ask === undefined) void act();
    else setAsking(true);
  };
  if (!mayAct && !forEverybody) return null;
  return (
    <>
      <button type="button" class={tone} aria-label={label} aria-busy={isBusy} aria-disabled={isBusy} onClick={press}>
        {children}
      </button>
      {isAsking && ask !== undefined && (
        <Dialog title={ask.title} onClose={() => setAsking(false)}>
          <p>{ask.text}</p>
          <div class="row end">
            <button type="button" onClick={() => setAsking(false)}>
              Leave it
            </button>
            <button type="button" class={tone} onClick={() => void act()}>
              {children}
            </button>
          </div>
        </Dialog>
      )}
    </>
  );
}
