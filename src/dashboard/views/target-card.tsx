import { post } from '../api/client.ts';
import type { Target } from '../api/types.ts';
import { Action } from '../parts/action.tsx';
import { Time } from '../parts/shown.tsx';
import { count } from '../words/figures.ts';

const SHOWN = ['delivered', 'pending', 'dead', 'held'] as const;

/** `since` is null while nothing was attempted: then nobody knows yet. */
function stateOf({ state, since, counts }: Target): { name: string; tone: string } {
  if (state === 'healthy' && since === null) return { name: 'no attempt yet', tone: 'unknown' };
  if (state === 'retrying') return { name: (counts.pending ?? 0) > 0 ? 'failing, retrying' : 'failing', tone: state };
  return { name: state, tone: state };
}

/** One target: how it is, what waits for it, and its brake. */
export function TargetCard({ target, onChange }: { target: Target; onChange: () => void }) {
  const { name, url, state, since, reason, counts } = target;
  const shown = stateOf(target);
  const change = (action: 'pause' | 'resume', said: string) => async (): Promise<string> => {
    await post(`targets/${encodeURIComponent(name)}/${action}`);
    onChange();
    return said;
  };
  return (
    <li class="card">
      <div class="row between">
        <h3>{name}</h3>
        <span class={`state state-${shown.tone}`}>{shown.name}</span>
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
          {since !== null && state !== 'healthy' && (
            <>
              Since <Time at={since} />
              {reason !== null && ': '}
            </>
          )}
          {reason}
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
