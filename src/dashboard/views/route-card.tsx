import type { Route } from '../api/types.ts';
import { placeOf } from '../location.ts';
import { Copyable, Time } from '../parts/shown.tsx';
import { TestEvent } from '../parts/test-event.tsx';
import { curlLine, needsToken, takesCurl } from '../words/curl.ts';

/** When a route was last heard of. */
export const LastHeard = ({ route: { acceptedAt, rejectedAt } }: { route: Route }) => (
  <dl class="counts two">
    <div>
      <dt>last accepted</dt>
      <dd>{acceptedAt === null ? <span class="muted">not since the start</span> : <Time at={acceptedAt} />}</dd>
    </div>
    <div>
      <dt>last refused</dt>
      <dd>
        {rejectedAt === null ? (
          <span class="muted">not since the start</span>
        ) : (
          <a href={placeOf(['rejections'])}>
            <Time at={rejectedAt} />
          </a>
        )}
      </dd>
    </div>
  </dl>
);

/** The line to send one with, and what stands in it for the secret. */
export const CurlLine = ({ route, base }: { route: Route; base: string }) => (
  <>
    {needsToken(route) && (
      <p class="muted small">
        <code>$TOKEN</code> stands for the token of this route.
      </p>
    )}
    <Copyable text={curlLine(route, base)} label={`Copy the curl command for ${route.name}`} />
  </>
);

/** A target, with what is not for all events: their types, and the filter that they have to pass. */
function edgeWords({ target, events, filter }: Route['deliver'][number]): string {
  const only = [...(events ?? []), ...(filter === null ? [] : [`if ${filter}`])];
  return only.length === 0 ? target : `${target} (${only.join(', ')})`;
}

/** One route: where senders reach it, where its events go, when it was last heard of, and two ways to try it. */
export function RouteCard({ route, base, onChange }: { route: Route; base: string; onChange: () => void }) {
  const { name, path, url, provider, deliver } = route;
  return (
    <li class="card">
      <div class="row between">
        <h3>
          <a href={placeOf(['routes', name])}>{name}</a>
        </h3>
        <TestEvent route={route} onChange={onChange} />
      </div>
      <Copyable text={url ?? base + path} label={`Copy the URL of ${name}`} />
      <p class="muted small">
        {provider === 'none' ? 'Takes requests from anybody' : `Verified as ${provider}`}, delivers to{' '}
        {deliver.map(edgeWords).join(', ')}
      </p>
      <LastHeard route={route} />
      {takesCurl(route) && (
        <details>
          <summary>Send one with curl</summary>
          <CurlLine route={route} base={base} />
        </details>
      )}
    </li>
  );
}
