import type { TargetSeries } from '../api/relay.ts';
import type { Target } from '../api/types.ts';
import { Spark } from '../charts/spark.tsx';
import { placeOf } from '../location.ts';
import { Brake } from '../parts/brake.tsx';
import { Foreign, Time } from '../parts/shown.tsx';
import { count } from '../words/figures.ts';
import { stateWords } from '../words/target-state.ts';

const SHOWN = ['delivered', 'pending', 'dead', 'held'] as const;

export const TargetState = ({ target }: { target: Target }) => {
  const { name, tone } = stateWords(target);
  return <span class={`state tone-${tone}`}>{name}</span>;
};

/** How many of its deliveries are in which status. */
export const TargetCounts = ({ counts }: Pick<Target, 'counts'>) => (
  <dl class="counts">
    {SHOWN.map((status) => (
      <div key={status}>
        <dt>{status}</dt>
        <dd>{count(counts[status] ?? 0)}</dd>
      </div>
    ))}
  </dl>
);

/** Since when it is so, and why; nothing while all is well. */
export function Standing({ target: { since, state, reason, nextProbeAt = null } }: { target: Target }) {
  const tellsSince = since !== null && state !== 'healthy';
  const isFirst = !tellsSince && reason === null;
  return (
    <p class="muted small">
      {tellsSince && (
        <>
          Since <Time at={since} />
          {reason !== null && ': '}
        </>
      )}
      {reason !== null && <Foreign text={reason} />}
      {nextProbeAt !== null && (
        <>
          {isFirst ? 'Next' : ' · next'} probe: <Time at={nextProbeAt} />
        </>
      )}
    </p>
  );
}

interface TargetCardProps {
  target: Target;
  series: TargetSeries | null;
  /** How long the series is: `30 minutes`. */
  words: string;
  onChange: () => void;
}

/** One target: how it is, what was attempted lately, what waits for it, and its brake. */
export function TargetCard({ target, series, words, onChange }: TargetCardProps) {
  const { name, url, counts } = target;
  return (
    <li class="card">
      <div class="row between">
        <h3>
          <a href={placeOf(['targets', name])}>{name}</a>
        </h3>
        <TargetState target={target} />
      </div>
      <p class="address">{url}</p>
      <Spark series={series} words={words} />
      <TargetCounts counts={counts} />
      <div class="row between one-line foot">
        <Standing target={target} />
        <Brake target={target} onChange={onChange} />
      </div>
    </li>
  );
}
