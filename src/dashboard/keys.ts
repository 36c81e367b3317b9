import { useLayoutEffect, useRef } from 'preact/hooks';

export interface Key {
  /** As the keyboard names it: `j`, `/`; two with a space between for one after the other: `g e`. */
  key: string;
  what: string;
  run: () => void;
}

const known = new Set<Key>();

/** Everything that a key does at this place, for the dialog that tells of it. */
export const knownKeys = (): Key[] => [...known];

/** Listens to a key while its owner is shown. @param what for the list of keys */
export function useKey(key: string, what: string, run: () => void): void {
  const present = useRef(run);
  present.current = run;
  useLayoutEffect(() => {
    const entry: Key = { key, what, run: () => present.current() };
    known.add(entry);
    return () => void known.delete(entry);
  }, [key, what]);
}

/** A second key counts within this time. */
const SECOND_KEY_MS = 1_200;
const SWITCH = 'hookbay.keys';

/** People who speak to their computer, or whose hands hit keys by chance, can do without (WCAG 2.1.4). */
export const areKeysOn = (): boolean => localStorage.getItem(SWITCH) !== 'off';

export function switchKeys(isOn: boolean): void {
  if (isOn) localStorage.removeItem(SWITCH);
  else localStorage.setItem(SWITCH, 'off');
}

interface Press {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  isComposing: boolean;
  defaultPrevented: boolean;
}

/** Whether a press is meant for the page: with a modifier it belongs to the browser, in a field to the text. */
export function isForPage(press: Press, isTyping: boolean): boolean {
  const { ctrlKey, metaKey, altKey, isComposing, defaultPrevented } = press;
  return !(ctrlKey || metaKey || altKey || isComposing || defaultPrevented || isTyping);
}

const FIELDS = 'input, textarea, select, [contenteditable]';

function isTyping(target: EventTarget | null): boolean {
  return target instanceof Element && (target.closest(FIELDS) !== null || document.querySelector('dialog[open]') !== null);
}

/** Runs what is known for the keys that are pressed. Used once, by the page. */
export function useKeyboard(): void {
  useLayoutEffect(() => {
    let first: { key: string; at: number } | null = null;
    const pressed = (event: KeyboardEvent): void => {
      if (!areKeysOn() || !isForPage(event, isTyping(event.target))) return;
      const before = first !== null && event.timeStamp - first.at < SECOND_KEY_MS ? `${first.key} ` : '';
      first = null;
      const entry = knownKeys().findLast(({ key }) => key === before + event.key);
      if (entry !== undefined) {
        event.preventDefault();
        entry.run();
      } else if (knownKeys().some(({ key }) => key.startsWith(`${event.key} `))) {
        first = { key: event.key, at: event.timeStamp };
      }
    };
    window.addEventListener('keydown', pressed);
    return () => window.removeEventListener('keydown', pressed);
  }, []);
}

/** What `j` and `k` go through, in the order of the page. */
const ROWS = 'main [data-row]';

/** The row of a list that has the focus, or within which it is. */
export function focusedRow(): HTMLElement | null {
  const { activeElement } = document;
  const own = activeElement?.closest<HTMLElement>(ROWS);
  return own ?? activeElement?.closest('tr, li')?.querySelector<HTMLElement>('[data-row]') ?? null;
}

/** Moves the focus to the next row of a list, or the one before. */
export function moveInList(by: 1 | -1): void {
  const rows = [...document.querySelectorAll<HTMLElement>(ROWS)];
  const present = focusedRow();
  const at = present === null ? -1 : rows.indexOf(present);
  const next = at < 0 ? (rows.find(isInView) ?? rows[0]) : rows[at + by];
  next?.focus({ preventScroll: true });
  next?.scrollIntoView({ block: 'nearest' });
}

function isInView(row: HTMLElement): boolean {
  const { top, bottom } = row.getBoundingClientRect();
  return top >= 0 && bottom <= window.innerHeight;
}
