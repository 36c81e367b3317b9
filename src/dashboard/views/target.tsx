import { useCallback, useMemo } from 'preact/hooks';
import { get } from '../api/client.ts';
import type { EffectiveConfig } from '../api/relay.ts';
import type { Target } from '../api/types.ts';
import { Chart } from '../charts/chart.tsx';
import type { LineLook } from '../charts/plot.ts';
import { RetryPicture } from '../charts/retry-picture.tsx';
import { WindowChoice } from '../charts/window-choice.tsx';
import { placeOf } from '../location.ts';
import { Brake } from '../parts/brake.tsx';
import { Time, Trouble } from '../parts/shown.tsx';
import { usePolled } from '../polling.ts';
import { failedShare, latest, type Seen, sum, useFigures, windowOf } from '../series.ts';
import { count, counted, latency, share } from '../words/figures.ts';
import { stateWords } from '../words/target-state.ts';
import { yamlText } from '../words/yaml.ts';
import { Standing, TargetCounts, TargetState } from './target-card.tsx';
import { LOOKS, latencyLine, latencyWords } from './traffic.tsx';

interface Present {
  target: Target;
  settings: EffectiveConfig['targets'][string];
}

/** One target: how it is and was, when it tries again, and by which limits. */
export function TargetView({ name, query }: { name: string; query: URLSearchParams }) {
  const window = windowOf(query.get('window'));
  const load = useCallback(
    async (signal: AbortSignal): Promise<Present> => {
      const [target, config] = await Promise.all([
        get<Target>(`targets/${encodeURIComponent(name)}`, signal),
        get<EffectiveConfig>('config', signal),
      ]);
      return { target, settings: config.targets[name] ?? {} };
    },
    [name],
  );
  const { value, trouble, refresh } = usePolled(load);
  const { seen, trouble: figuresTrouble } = useFigures(window.name);
  return (
    <>
      <div class="row between">
        <h1 tabIndex={-1}>{name}</h1>
        {value !== null && <Brake target={value.target} onChange={refresh} asks />}
      </div>
      <Trouble text={trouble ?? figuresTrouble} />
      {value !== null && seen !== null && (
        <>
          <State target={value.target} />
          <section aria-labelledby="lately">
            <div class="row between">
              <h2 id="lately">Lately</h2>
              <WindowChoice chosen={window.name} place={(chosen) => placeOf(['targets', name], { window: chosen })} />
            </div>
            <Lately seen={seen} name={name} />
          </section>
          <section aria-labelledby="retries">
            <h2 id="retries">When it tries again</h2>
            <div class="card">
              <RetryPicture retry={value.settings.retry ?? {}} />
            </div>
          </section>
          <Limits target={value.target} settings={value.settings} />
        </>
      )}
    </>
  );
}

function State({ target }: { target: Target }) {
  const { name, url, counts, oldestDueAt } = target;
  return (
    <section class="card" aria-label="State">
      <div class="row between">
        <TargetState target={target} />
        <span class="address">{url}</span>
      </div>
      <p>{stateWords(target).meaning}</p>
      <Standing target={target} />
      <TargetCounts counts={counts} />
      <p class="row small">
        <a href={placeOf(['dead-letters'], { target: name })}>{counted(counts.dead ?? 0, 'dead letter')}</a>
        <a href={placeOf(['events'], { status: 'pending' })}>Events with something pending</a>
        {oldestDueAt !== null && (
          <span class="muted">
            Oldest due: <Time at={oldestDueAt} />
          </span>
        )}
      </p>
    </section>
  );
}

const FAILED: LineLook = { name: 'failed attempts', color: '--bad', dash: [], isFilled: true };

function Lately({ seen, name }: { seen: Seen; name: string }) {
  const series = seen.figures.targets.find(({ target }) => target === name)?.series ?? null;
  const latencies = useMemo(
    () => [latencyLine(LOOKS.p50, series?.p50Ms ?? nothing(seen)), latencyLine(LOOKS.p99, series?.p99Ms ?? nothing(seen))],
    [seen, series],
  );
  const shares = useMemo(() => {
    const values = series === null ? nothing(seen) : failedShare(series);
    const newest = latest(values);
    return [{ ...FAILED, values, summary: newest === null ? '–' : share(newest) }];
  }, [seen, series]);
  const bad = series === null ? 0 : sum(series.failed) + sum(series.dead);
  const all = series === null ? 0 : bad + sum(series.delivered);
  const words =
    all === 0
      ? `Nothing was attempted in the last ${seen.window.words}.`
      : `In the last ${seen.window.words} ${count(bad)} of ${counted(all, 'attempt')} failed: ${share(bad / all)}.`;
  return (
    <>
      <div class="charts two">
        <Chart
          title="How long attempts take"
          of="newest"
          {...{ at: seen.at, lines: latencies, format: latency, words: latencyWords(seen, latencies) }}
        />
        <Chart title="Share that failed" of="newest" {...{ at: seen.at, lines: shares, format: share, words, top: 1 }} />
      </div>
      <p class="muted small below">{words}</p>
    </>
  );
}

const nothing = (seen: Seen): null[] => seen.at.map(() => null);

/** Settings that bound what is sent at a time, in the order in which people ask for them. */
const LIMITS: readonly [key: string, words: string][] = [
  ['concurrency', 'attempts at a time'],
  ['timeout', 'longest attempt'],
  ['rateLimit', 'rate'],
  ['inFlight', 'bytes at a time'],
  ['ordering', 'order'],
  ['breaker', 'breaker'],
];

function Limits({ target, settings }: Present) {
  const { retry: _drawn, url: _shown, ...rest } = settings;
  const known = LIMITS.filter(([key]) => settings[key] !== undefined && settings[key] !== null);
  return (
    <section aria-labelledby="limits">
      <h2 id="limits">Limits in force</h2>
      <div class="card">
        <dl class="facts wide">
          <dt>running now</dt>
          <dd>{counted(target.inFlight, 'attempt')}</dd>
          {known.map(([key, words]) => (
            <Setting key={key} words={words} value={settings[key]} />
          ))}
        </dl>
        <details>
          <summary>All its settings</summary>
          <pre class="answer">{yamlText({ retry: settings.retry ?? {}, ...rest })}</pre>
        </details>
      </div>
    </section>
  );
}

const Setting = ({ words, value }: { words: string; value: unknown }) => (
  <>
    <dt>{words}</dt>
    <dd class="figures">
      {typeof value === 'object' && value !== null ? yamlText(value).replaceAll('\n', ', ') : String(value)}
    </dd>
  </>
);
