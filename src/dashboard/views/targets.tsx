import { useCallback } from 'preact/hooks';
import { get } from '../api/client.ts';
import type { Page, Target } from '../api/types.ts';
import { WindowChoice } from '../charts/window-choice.tsx';
import { placeOf } from '../location.ts';
import { Trouble } from '../parts/shown.tsx';
import { usePolled } from '../polling.ts';
import { useFigures, windowOf } from '../series.ts';
import { TargetCard } from './target-card.tsx';

/** All targets, in the order of the configuration. */
export function Targets({ query }: { query: URLSearchParams }) {
  const window = windowOf(query.get('window'));
  const load = useCallback((signal: AbortSignal) => get<Page<Target>>('targets', signal), []);
  const { value, trouble, refresh } = usePolled(load);
  const { seen } = useFigures(window.name);
  const seriesOf = (name: string) => seen?.figures.targets.find(({ target }) => target === name)?.series ?? null;
  return (
    <>
      <div class="row between">
        <h1 tabIndex={-1}>Targets</h1>
        <WindowChoice chosen={window.name} place={(name) => placeOf(['targets'], { window: name })} />
      </div>
      <p class="muted">
        Where events go. Bars are attempts in the last {seen?.window.words ?? window.words}: those that delivered stand, those
        that failed hang.
      </p>
      <Trouble text={trouble} />
      {value !== null && value.data.length === 0 && <p class="empty">No target is configured.</p>}
      {value !== null && (
        <>
          <h2 class="unseen">By name</h2>
          <ul class="cards">
            {value.data.map((target) => (
              <TargetCard
                key={target.name}
                target={target}
                series={seriesOf(target.name)}
                words={seen?.window.words ?? window.words}
                onChange={refresh}
              />
            ))}
          </ul>
        </>
      )}
    </>
  );
}
