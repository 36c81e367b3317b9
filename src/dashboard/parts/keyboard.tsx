import { useState } from 'preact/hooks';
import { areKeysOn, knownKeys, moveInList, switchKeys, useKey, useKeyboard } from '../keys.ts';
import { placeOf } from '../location.ts';
import { Dialog } from './dialog.tsx';

const go = (place: string) => (): void => {
  window.location.hash = placeOf([place].filter(Boolean));
};

function focusSearch(): void {
  const field = document.querySelector<HTMLInputElement>('main input[type="search"]');
  field?.focus();
  field?.select();
}

/** What keys do everywhere, and the dialog that tells of all of them. */
export function Keyboard() {
  const [isShown, setShown] = useState(false);
  useKeyboard();
  useKey('?', 'Show this help', () => setShown(true));
  useKey('/', 'Search', focusSearch);
  useKey('j', 'Next row', () => moveInList(1));
  useKey('k', 'Row before', () => moveInList(-1));
  useKey('g o', 'Go to the overview', go(''));
  useKey('g e', 'Go to events', go('events'));
  useKey('g d', 'Go to dead letters', go('dead-letters'));
  useKey('g r', 'Go to rejections', go('rejections'));
  return (
    <>
      <button type="button" class="quiet keys-button" aria-label="Keyboard shortcuts" onClick={() => setShown(true)}>
        ?
      </button>
      {isShown && <Help onClose={() => setShown(false)} />}
    </>
  );
}

function Help({ onClose }: { onClose: () => void }) {
  const [isOn, setOn] = useState(areKeysOn());
  const keys = [...knownKeys(), { key: 'Enter', what: 'Open what has the focus' }];
  return (
    <Dialog title="Keyboard shortcuts" onClose={onClose}>
      <dl class="keys">
        {keys.map(({ key, what }) => (
          <div key={key}>
            <dt>
              {key.split(' ').map((part) => (
                <kbd key={part}>{part}</kbd>
              ))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <label class="check">
        <input
          type="checkbox"
          checked={isOn}
          onChange={(event) => {
            setOn(event.currentTarget.checked);
            switchKeys(event.currentTarget.checked);
          }}
        />
        Use single keys as shortcuts
      </label>
      <div class="row end">
        <button type="button" class="main" onClick={onClose}>
          Close
        </button>
      </div>
    </Dialog>
  );
}
