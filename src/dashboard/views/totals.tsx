import type { ListedEvent, Stats } from '../api/types.ts';
import { placeOf } from '../location.ts';
import { EventType, Time } from '../parts/shown.tsx';
import { latest, perSecond, type Seen } from '../series.ts';
import { age, count, latency, rate } from '../words/figures.ts';

interface Figure {
  name: string;
  value: string;
  /** A second, smaller line; kept empty rather than left out, so that nothing moves. */
  more: string;
  place: string | null;
  tone: string;
}

function figuresOf({ totals, oldestDueAt }: Stats, seen: Seen | null): Figure[] {
  const series = seen?.figures.series;
  const arriving = seen === null || series === undefined ? null : latest(perSecond(seen, series.accepted));
  const [p50, p99] = [latest(series?.ackP50Ms ?? []), latest(series?.ackP99Ms ?? [])];
  const { pending = 0, dead = 0, held = 0, delivered = 0 } = totals;
  return [
    {
      name: 'Accepted',
      value: arriving === null ? '–' : rate(arriving),
      more: 'at present',
      place: placeOf(['events']),
      tone: '',
    },
    {
      name: 'Acknowledged in',
      value: p50 === null ? '–' : latency(p50),
      more: p99 === null ? 'p50' : `p50; p99 ${latency(p99)}`,
      place: null,
      tone: '',
    },
    { name: 'Delivered', value: count(delivered), more: 'kept', place: placeOf(['events'], { status: 'delivered' }), tone: '' },
    {
      name: 'Pending',
      value: count(pending),
      more: oldestDueAt === null ? 'none is due' : `oldest: ${age(oldestDueAt)}`,
      place: placeOf(['events'], { status: 'pending' }),
      tone: pending > 0 ? 'pending' : '',
    },
    {
      name: 'Dead letters',
      value: count(dead),
      more: 'given up',
      place: placeOf(['dead-letters']),
      tone: dead > 0 ? 'dead' : '',
    },
    {
      name: 'Held',
      value: count(held),
      more: 'wait for a person',
      place: placeOf(['events'], { status: 'held' }),
      tone: held > 0 ? 'held' : '',
    },
  ];
}

/** The figures that tell how the relay is. */
export function Totals({ stats, seen, newest }: { stats: Stats; seen: Seen | null; newest: ListedEvent | null }) {
  return (
    <section aria-label="Figures">
      <ul class="totals">
        {figuresOf(stats, seen).map((figure) => (
          <li key={figure.name}>
            <FigureBox {...figure} />
          </li>
        ))}
      </ul>
      {newest !== null && (
        <p class="muted">
          Last event: <Time at={newest.receivedAt} /> on {newest.route},{' '}
          <a href={placeOf(['events', newest.id])}>
            <EventType type={newest.type} />
          </a>
        </p>
      )}
    </section>
  );
}

function FigureBox({ name, value, more, place, tone }: Figure) {
  const look = tone === '' ? 'figure' : `figure tone-${tone}`;
  const content = (
    <>
      <span class="figure-name">{name}</span>
      <span class="figure-value">{value}</span>
      <span class="figure-more">{more}</span>
    </>
  );
  return place === null ? (
    <div class={look}>{content}</div>
  ) : (
    <a href={place} class={look}>
      {content}
    </a>
  );
}
