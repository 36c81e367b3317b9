import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { ApiProblem, get, getReadiness, onTokenNeeded, signOut } from './api/client.ts';
import type { Readiness } from './api/types.ts';
import { hasSession, type Identity, IdentityProvider } from './identity.ts';
import { type Location, placeOf, useLocation } from './location.ts';
import { Action } from './parts/action.tsx';
import { Keyboard } from './parts/keyboard.tsx';
import { Notices } from './parts/notices.tsx';
import { usePolled } from './polling.ts';
import { Compare } from './views/compare.tsx';
import { DeadLetters } from './views/dead-letters.tsx';
import { EventView } from './views/event.tsx';
import { Events } from './views/events.tsx';
import { Login } from './views/login.tsx';
import { Overview } from './views/overview.tsx';
import { Rejections } from './views/rejections.tsx';
import { RouteView } from './views/route.tsx';
import { Routes } from './views/routes.tsx';
import { Settings } from './views/settings.tsx';
import { TargetView } from './views/target.tsx';
import { Targets } from './views/targets.tsx';
import { Tasks } from './views/tasks.tsx';
import { refusalWords } from './words/refusal.ts';

const PLACES = [
  { name: 'Overview', path: '' },
  { name: 'Events', path: 'events' },
  { name: 'Dead letters', path: 'dead-letters' },
  { name: 'Rejections', path: 'rejections' },
  { name: 'Targets', path: 'targets' },
  { name: 'Routes', path: 'routes' },
  { name: 'Tasks', path: 'tasks' },
  { name: 'Settings', path: 'settings' },
];

/** Who looks. `unknown` until the relay has told, `locked` while it wants a token, `open` when it could not tell. */
type Access = 'unknown' | 'locked' | 'open' | Identity;

/** Asks once before anything else does, so that a visitor without a session is refused once. */
function useAccess(): { access: Access; lock: () => void; ask: () => void } {
  const [access, setAccess] = useState<Access>('unknown');
  const lock = useCallback(() => setAccess('locked'), []);
  const ask = useCallback(() => {
    get<Identity>('session').then(setAccess, (error: unknown) => {
      // A refusal has been heard below; any other trouble is told by the place itself.
      if (!(error instanceof ApiProblem && error.status === 401)) setAccess('open');
    });
  }, []);
  useEffect(() => {
    const stopListening = onTokenNeeded(lock);
    ask();
    return stopListening;
  }, [ask, lock]);
  return { access, lock, ask };
}

const isIn = (access: Access): boolean => access !== 'unknown' && access !== 'locked';

/** The page: a head with the places, and the place that the address names. */
export function App() {
  const { access, lock, ask } = useAccess();
  const location = useLocation();
  const identity = typeof access === 'object' ? access : null;
  return (
    <IdentityProvider value={identity}>
      <Notices>
        <button type="button" class="skip" onClick={() => document.getElementById('main')?.focus()}>
          Skip to the content
        </button>
        <Head place={location.path[0] ?? ''} access={access} onSignedOut={lock} />
        <main id="main" tabIndex={-1}>
          {access === 'locked' && <Login onSignedIn={ask} />}
          {isIn(access) && <Place location={location} />}
        </main>
      </Notices>
    </IdentityProvider>
  );
}

function Head({ place, access, onSignedOut }: { place: string; access: Access; onSignedOut: () => void }) {
  return (
    <header>
      <div class="head">
        <a class="brand" href="#/">
          Hookbay
        </a>
        {isIn(access) && (
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
          {typeof access === 'object' && hasSession(access) && <SignOut onSignedOut={onSignedOut} />}
        </div>
        {/* Always there, and in a place of its own: nothing moves when the others come. */}
        <Keyboard />
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
  return (
    <Action forEverybody run={leave}>
      Sign out
    </Action>
  );
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
  if (place === '') return <Overview query={location.query} />;
  if (place === 'events') return <EventsPlace id={id} location={location} />;
  if (place === 'dead-letters') return <DeadLetters query={location.query} />;
  if (place === 'rejections') return <Rejections query={location.query} />;
  if (place === 'targets')
    return id === undefined ? <Targets query={location.query} /> : <TargetView key={id} name={id} query={location.query} />;
  if (place === 'routes') return id === undefined ? <Routes /> : <RouteView key={id} name={id} />;
  if (place === 'tasks') return <Tasks />;
  if (place === 'settings') return <Settings />;
  return (
    <>
      <h1 tabIndex={-1}>Nothing here</h1>
      <p>
        This page has no such place. <a href="#/">Go to the overview</a>
      </p>
    </>
  );
}

function EventsPlace({ id, location: { path, query } }: { id: string | undefined; location: Location }) {
  if (id === undefined) return <Events query={query} />;
  if (path[2] === 'compare') return <Compare left={query.get('left') ?? id} right={query.get('right') ?? id} />;
  return <EventView key={id} id={id} />;
}
