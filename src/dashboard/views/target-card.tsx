import { post } from '../api/client.ts';
import type { Target } from '../api/types.ts';
import { Action } from '../parts/action.tsx';
import { Time } from '../parts/shown.tsx';
import { count } from '../words/figures.ts';

const STATES: Record<Target['state'], string> = { healthy: 'healthy', retrying: 'failing, retrying', paused: 'paused' };

const SHOWN = ['delivered', 'pending', 'dead', 'held'] as const;

/** One target: how it is, what waits for it, and its brake. */
export function TargetCard({ target, onChange }: { target: Target; onChange: () => void }) {
  const { name, url, state, since, reason, counts } = target;
  const change = (action: 'pause' | 'resume', said: string) => async (): Promise<string> => {
    await post(`targets/${encodeURIComponent(name)}/${action}`);
    onChange();
    return said;
  };
  return (
    <li class="card">
      <div class="row between">
        <h3>{name}</h3>
        <span class={`state state-${state}`}>{STATES[state]}</span>
      </div>
      <p class="address">{url}</p>
      <dl class="counts">
        {SHOWN.map((status) => (
          <div key={status}>
            <dt>{status}</dt>
            <dd>{count(counts[status] ?? 0)}</dd>
          </div>
        ))}
      </dl>
      <div class="row between one-line">
        <p class="muted small">
          {state === 'healthy' ? null : reason}
          {since !== null && state !== 'healthy' && (
            <>
              {reason === null ? 'Since ' : ', since '}
              <Time at={since} />
            </>
          )}
        </p>
        {state === 'paused' ? (
          <Action tone="main" label={`Resume ${name}`} run={change('resume', `${name} goes on.`)}>
            Resume
          </Action>
        ) : (
          <Action
            label={`Pause ${name}`}
            run={change('pause', `${name} is paused.`)}
            ask={{
              title: `Pause ${name}?`,
              text: 'No delivery to it is attempted until somebody resumes it. Events are still accepted and wait.',
            }}
          >
            Pause
          </Action>
        )}
      </div>
    </li>
  );
}
