import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { clockMinutes } from '../words/figures.ts';
import type { LineLook, Plot } from './plot.ts';
import { useScheme } from './scheme.ts';

export interface Line extends LineLook {
  values: readonly (number | null)[];
  /** What stands in the legend while nothing is pointed at. */
  summary: string;
}

interface ChartProps {
  title: string;
  /** What the legend's figures are of while nothing is pointed at: `in 30 minutes`. */
  of: string;
  /** Wall ms of the beginning of each step. */
  at: readonly number[];
  lines: readonly Line[];
  format: (value: number) => string;
  /** What the picture shows, in a sentence. */
  words: string;
  /** The highest value that there can be, where there is one. */
  top?: number | null;
}

/** Lines over time: a legend with figures, the picture, and the same in words. The picture comes when its code has been loaded. */
export function Chart({ title, of, at, lines, format, words, top = null }: ChartProps) {
  const [pointed, setPointed] = useState<number | null>(null);
  const titleId = useId();
  const time = pointed === null ? undefined : at[pointed];
  return (
    <figure class="chart" aria-labelledby={titleId}>
      <div class="row between">
        <h3 id={titleId}>{title}</h3>
        <span class="muted small figures" aria-hidden="true">
          {time === undefined ? of : clockMinutes(time)}
        </span>
      </div>
      <ul class="legend" aria-hidden="true">
        {lines.map(({ values, summary, ...look }) => (
          <li key={look.name}>
            <Swatch look={look} />
            <span class="muted">{look.name}</span>{' '}
            <b class="figures">{time === undefined || pointed === null ? summary : shown(values[pointed], format)}</b>
          </li>
        ))}
      </ul>
      <Picture {...{ at, lines, format, top, words, onPoint: setPointed }} />
    </figure>
  );
}

const shown = (value: number | null | undefined, format: (value: number) => string): string =>
  value === null || value === undefined ? '–' : format(value);

const Swatch = ({ look: { color, dash } }: { look: LineLook }) => (
  <svg class={`swatch ink${color}`} width="22" height="8" aria-hidden="true">
    <line x1="0" y1="4" x2="22" y2="4" stroke="currentColor" stroke-width="2" stroke-dasharray={dash.join(' ')} />
  </svg>
);

type PictureProps = Pick<ChartProps, 'at' | 'lines' | 'format' | 'words'> & {
  top: number | null;
  onPoint: (index: number | null) => void;
};

function Picture({ at, lines, format, words, top, onPoint }: PictureProps) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<Plot | null>(null);
  const [isMissing, setMissing] = useState(false);
  const scheme = useScheme();
  const data = { at, values: lines.map(({ values }) => values) };
  const newest = useRef({ lines, data, format });
  newest.current = { lines, data, format };
  useEffect(() => {
    let isOver = false;
    import('./plot.ts').then(
      ({ createPlot }) => {
        if (isOver || box.current === null) return;
        const { lines: looks, data: first, format: write } = newest.current;
        plot.current = createPlot(box.current, { lines: looks, top, onPoint, format: write });
        plot.current.show(first);
      },
      () => setMissing(true),
    );
    return () => {
      isOver = true;
      plot.current?.end();
      plot.current = null;
    };
  }, [scheme, top, onPoint]);
  useEffect(() => plot.current?.show(newest.current.data), [at, lines]);
  return (
    <>
      <div ref={box} class="plot" role="img" aria-label={words} />
      {isMissing && <p class="muted small">The picture could not be loaded. {words}</p>}
    </>
  );
}
