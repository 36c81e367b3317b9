import { post } from '../api/client.ts';
import type { Target } from '../api/types.ts';
import { Action } from '../parts/action.tsx';
import { Time } from '../parts/shown.tsx';
import { count } from '../words/figures.ts';
import { probeWords, stateWords } from '../words/target.ts';

const SHOWN = ['delivered', 'pending', 'dead', 'held'] as const;

/** One target: how it is, what waits for it, and its brake. */
export function TargetCard({ target, onChange }: { target: Target; onChange: () => void }) {
  const { name, url, state, since, reason, counts } = target;
  const shown = stateWords(target);
  const probe = probeWords(target);
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
      {probe !== '' && <p class="muted small">{probe}</p>}
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
        {state === 'open' && (
          <Action tone="main" label={`Try ${name} now`} run={change('resume', `${name} is tried now.`)}>
            Try now
          </Action>
        )}
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
