import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { get, getReadiness, onTokenNeeded, signOut } from './api/client.ts';
import type { Readiness, ShownConfig } from './api/types.ts';
import { type Location, placeOf, useLocation } from './location.ts';
import { Action } from './parts/action.tsx';
import { Notices } from './parts/notices.tsx';
import { usePolled } from './polling.ts';
import { DeadLetters } from './views/dead-letters.tsx';
import { EventView } from './views/event.tsx';
import { Events } from './views/events.tsx';
import { Login } from './views/login.tsx';
import { Overview } from './views/overview.tsx';
import { Rejections } from './views/rejections.tsx';
import { refusalWords } from './words/refusal.ts';

const PLACES = [
  { name: 'Overview', path: '' },
  { name: 'Events', path: 'events' },
  { name: 'Dead letters', path: 'dead-letters' },
  { name: 'Rejections', path: 'rejections' },
];

/** What this browser may see. Without a token in the configuration there is no session to end. */
type Access = 'unknown' | 'open' | 'session' | 'locked';

/** Asks once before anything else does, so that a visitor without a session is refused once. */
function useAccess(): [Access, (access: Access) => void] {
  const [access, setAccess] = useState<Access>('unknown');
  useEffect(() => {
    const ended = new AbortController();
    const learn = (found: Access) => setAccess((last) => (last === 'unknown' ? found : last));
    const stopListening = onTokenNeeded(() => setAccess('locked'));
    get<ShownConfig>('config', ended.signal).then(
      ({ admin }) => learn(admin.token === null ? 'open' : 'session'),
      // A refusal has been heard above; any other trouble is told by the place itself.
      () => learn('open'),
    );
    return () => {
      ended.abort();
      stopListening();
    };
  }, []);
  return [access, setAccess];
}

/** The page: a head with the places, and the place that the address names. */
export function App() {
  const [access, setAccess] = useAccess();
  const location = useLocation();
  return (
    <Notices>
      <button type="button" class="skip" onClick={() => document.getElementById('main')?.focus()}>
        Skip to the content
      </button>
      <Head place={location.path[0] ?? ''} access={access} onSignedOut={() => setAccess('locked')} />
      <main id="main" tabIndex={-1}>
        {access === 'locked' && <Login onSignedIn={() => setAccess('session')} />}
        {(access === 'open' || access === 'session') && <Place location={location} />}
      </main>
    </Notices>
  );
}

function Head({ place, access, onSignedOut }: { place: string; access: Access; onSignedOut: () => void }) {
  return (
    <header>
      <div class="head">
        <a class="brand" href="#/">
          Hookbay
        </a>
        {(access === 'open' || access === 'session') && (
          <nav aria-label="Places">
            {PLACES.map(({ name, path }) => (
              <a key={path} href={placeOf([path].filter(Boolean))} aria-current={place === path ? 'page' : undefined}>
                {name}
              </a>
            ))}
          </nav>
        )}
        <div class="head-end">
          <ReadinessMark />
          {access === 'session' && <SignOut onSignedOut={onSignedOut} />}
        </div>
      </div>
    </header>
  );
}

const READINESS_MS = 5_000;

function ReadinessMark() {
  const load = useCallback((signal: AbortSignal) => getReadiness<Readiness>(signal), []);
  const { value, trouble } = usePolled(load, READINESS_MS);
  const [tone, text] =
    trouble !== null
      ? ['bad', 'No answer from the relay']
      : value === null
        ? ['', '']
        : value.status === 'ready'
          ? ['good', 'Taking webhooks']
          : ['bad', `Not taking webhooks: ${(value.reasons ?? []).map(refusalWords).join(', ')}`];
  return (
    <span role="status" class={`readiness readiness-${tone}`}>
      {text}
    </span>
  );
}

function SignOut({ onSignedOut }: { onSignedOut: () => void }) {
  const leave = async (): Promise<string> => {
    await signOut();
    onSignedOut();
    return 'Signed out.';
  };
  return <Action run={leave}>Sign out</Action>;
}

/** The heading gets the focus on every way to a new place, so that a screen reader says where one is. */
function useArrival(path: string): void {
  const isFirst = useRef(true);
  // The path is what makes an arrival.
  useEffect(() => {
    const heading = document.querySelector<HTMLElement>('main h1');
    document.title = heading === null ? 'Hookbay' : `${heading.textContent} · Hookbay`;
    if (!isFirst.current) {
      window.scrollTo(0, 0);
      heading?.focus({ preventScroll: true });
    }
    isFirst.current = false;
  }, [path]);
}

function Place({ location }: { location: Location }) {
  const [place = '', id] = location.path;
  useArrival(location.path.join('/'));
  if (place === '') return <Overview />;
  if (place === 'events') return id === undefined ? <Events query={location.query} /> : <EventView key={id} id={id} />;
  if (place === 'dead-letters') return <DeadLetters query={location.query} />;
  if (place === 'rejections') return <Rejections />;
  return (
    <>
      <h1 tabIndex={-1}>Nothing here</h1>
      <p>
        This page has no such place. <a href="#/">Go to the overview</a>
      </p>
    </>
  );
}
