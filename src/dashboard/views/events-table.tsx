import { Component } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { ListedEvent } from '../api/types.ts';
import { placeOf } from '../location.ts';
import { EventType, Foreign, Statuses, Time } from '../parts/shown.tsx';
import { useVisibleRows } from '../parts/use-visible-rows.ts';
import { counted } from '../words/figures.ts';

interface EventsTableProps {
  events: readonly ListedEvent[];
  caption: string;
  /** More rows can be asked for. */
  hasOlder?: boolean;
  /** The last rows came into view. */
  onNearEnd?: () => void;
}

/** So many rows before the end the next ones are asked for. */
const NEAR_END_ROWS = 40;

/** A table of any length: only the rows in view are in the page, and assistive technology is told of the others. */
export function EventsTable({ events, caption, hasOlder = false, onNearEnd }: EventsTableProps) {
  const body = useRef<HTMLTableSectionElement>(null);
  const [focusedId, setFocusedId] = useState<string | null>(null);
  const focused = focusedId === null ? -1 : events.findIndex(({ id }) => id === focusedId);
  const { pieces, rowPx } = useVisibleRows(body, events.length, focused < 0 ? null : focused);
  const last = pieces.findLast(({ kind }) => kind === 'row');
  const isNearEnd = hasOlder && last?.kind === 'row' && last.index >= events.length - NEAR_END_ROWS;
  useEffect(() => {
    if (isNearEnd) onNearEnd?.();
  }, [isNearEnd, events.length]);
  return (
    <table class="list rows" aria-rowcount={hasOlder ? -1 : events.length + 1}>
      <caption class="unseen">{caption}</caption>
      <thead>
        <tr aria-rowindex={1}>
          <th scope="col" class="col-time">
            Received
          </th>
          <th scope="col">Type</th>
          <th scope="col" class="col-route wide-only">
            Route
          </th>
          <th scope="col" class="col-status">
            Deliveries
          </th>
        </tr>
      </thead>
      <tbody
        ref={body}
        onFocusIn={(event) => setFocusedId((event.target as Element).closest('tr')?.dataset.id ?? null)}
        onFocusOut={() => setFocusedId(null)}
      >
        {pieces.map((piece) =>
          piece.kind === 'gap' ? (
            // biome-ignore lint/a11y/noAriaHiddenOnFocusable: nothing in it takes the focus
            <tr key={`gap-${gapPlace(piece, events.length)}`} class="gap" aria-hidden="true">
              <td style={{ height: `${piece.rows * rowPx}px` }} />
            </tr>
          ) : (
            <EventRow key={events[piece.index]?.id} event={events[piece.index] as ListedEvent} index={piece.index} />
          ),
        )}
      </tbody>
    </table>
  );
}

const gapPlace = ({ from, rows }: { from: number; rows: number }, count: number): string =>
  from === 0 ? 'top' : from + rows === count ? 'end' : 'middle';

interface EventRowProps {
  event: ListedEvent;
  index: number;
}

/** Rendered again only when the event is another one: lists change several times a second. */
class EventRow extends Component<EventRowProps> {
  override shouldComponentUpdate(next: EventRowProps): boolean {
    return next.event !== this.props.event || next.index !== this.props.index;
  }

  render() {
    const { event, index } = this.props;
    const { id, type, route, receivedAt, statuses, duplicates } = event;
    return (
      <tr aria-rowindex={index + 2} data-id={id}>
        <td class="figures">
          <Time at={receivedAt} />
        </td>
        <td>
          <a data-row href={placeOf(['events', id])}>
            <EventType type={type} />
          </a>
          {duplicates > 0 && <span class="muted small wide-only"> and {counted(duplicates, 'duplicate')}</span>}
          <span class="muted small narrow-only">
            {duplicates > 0 && `${counted(duplicates, 'duplicate')} · `}
            <Foreign text={route} />
          </span>
        </td>
        <td class="wide-only">{route}</td>
        <td>
          <Statuses counts={statuses} />
        </td>
      </tr>
    );
  }
}
