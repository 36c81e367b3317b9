import { post } from '../api/client.ts';
import type { Route, TestAnswer } from '../api/types.ts';
import { Action } from '../parts/action.tsx';
import { Copyable } from '../parts/shown.tsx';
import { curlLine, needsToken } from '../words/curl.ts';
import { refusalWords } from '../words/refusal.ts';

/** A target, with what is not for all events: their types, and the filter that they have to pass. */
function edgeWords({ target, events, filter }: Route['deliver'][number]): string {
  const only = [...(events ?? []), ...(filter === null ? [] : [`if ${filter}`])];
  return only.length === 0 ? target : `${target} (${only.join(', ')})`;
}

/** One route: where senders reach it, where its events go, and two ways to try it. */
export function RouteCard({ route, base, onChange }: { route: Route; base: string; onChange: () => void }) {
  const { name, path, provider, deliver } = route;
  const test = async (): Promise<string> => {
    const { statusCode, eventId, code } = await post<TestAnswer>(`routes/${encodeURIComponent(name)}/test`);
    onChange();
    if (eventId !== null) return `${name} accepted the test event ${eventId}.`;
    throw new Error(`${name} answered ${statusCode}${code === null ? '' : `: ${refusalWords(code)}`}.`);
  };
  return (
    <li class="card">
      <div class="row between">
        <h3>{name}</h3>
        <Action label={`Send a test event to ${name}`} run={test}>
          Send a test event
        </Action>
      </div>
      <p class="address">{base + path}</p>
      <p class="muted small">
        {provider === 'none' ? 'Takes requests from anybody' : `Verified as ${provider}`}, delivers to{' '}
        {deliver.map(edgeWords).join(', ')}
      </p>
      <details>
        <summary>Send one with curl</summary>
        {needsToken(route) && (
          <p class="muted small">
            <code>$TOKEN</code> stands for the token of this route.
          </p>
        )}
        <Copyable text={curlLine(route, base)} label={`Copy the curl command for ${name}`} />
      </details>
    </li>
  );
}
