import { useCallback, useMemo, useState } from 'preact/hooks';
import { get } from '../api/client.ts';
import type { EventDetail } from '../api/types.ts';
import { placeOf } from '../location.ts';
import { EventType, Time, Trouble } from '../parts/shown.tsx';
import { usePolled } from '../polling.ts';
import { type LoadedBody, useBody } from '../use-body.ts';
import { shownBody } from '../words/body.ts';
import { type DiffLine, type DiffPart, type DiffRow, diffRows, folded } from '../words/diff.ts';
import { counted } from '../words/figures.ts';
import { visible } from '../words/visible.ts';

/** Events do not change; only whether the relay answers does. */
const EVERY_MS = 60_000;

const load = async (ids: readonly string[], signal: AbortSignal): Promise<EventDetail[]> =>
  Promise.all(ids.map((id) => get<EventDetail>(`events/${encodeURIComponent(id)}`, signal)));

/** The bodies of two events side by side. */
export function Compare({ left, right }: { left: string; right: string }) {
  const ask = useCallback((signal: AbortSignal) => load([left, right], signal), [left, right]);
  const { value, trouble } = usePolled(ask, EVERY_MS);
  const [a, b] = value ?? [];
  return (
    <>
      <p class="back">
        <a href={placeOf(['events', right])}>← Back to the event</a>
      </p>
      <h1 tabIndex={-1}>Compare two events</h1>
      <Trouble text={trouble} />
      {a !== undefined && b !== undefined && <Bodies left={a} right={b} />}
    </>
  );
}

function Bodies({ left, right }: { left: EventDetail; right: EventDetail }) {
  const [a, b] = [useBody(left), useBody(right)];
  const rows = useMemo(() => compared(a, b), [a, b]);
  const isSame = left.sha256 !== null && left.sha256 === right.sha256;
  return (
    <>
      <div class="diff-heads">
        <Which event={left} />
        <Which event={right} />
      </div>
      {rows === 'loading' && <p class="muted">Loading …</p>}
      {rows === 'not-text' && (
        <p class="empty">
          {isSame
            ? 'The bodies are the same, byte for byte.'
            : 'These bodies cannot be compared line by line: one is no text, too large, or no longer kept.'}
        </p>
      )}
      {typeof rows === 'object' && <Difference rows={rows} isSame={isSame} />}
    </>
  );
}

const Which = ({ event: { id, type, receivedAt } }: { event: EventDetail }) => (
  <p>
    <a href={placeOf(['events', id])}>
      <EventType type={type} />
    </a>{' '}
    <Time at={receivedAt} />
    <code class="small block muted">{id}</code>
  </p>
);

function compared(a: LoadedBody, b: LoadedBody): DiffRow[] | 'loading' | 'not-text' {
  if (a.kind === 'loading' || b.kind === 'loading') return 'loading';
  if (a.kind !== 'loaded' || b.kind !== 'loaded') return 'not-text';
  const [left, right] = [shownBody(a.bytes), shownBody(b.bytes)];
  if (left.kind === 'binary' || right.kind === 'binary') return 'not-text';
  return diffRows(left.kind === 'empty' ? '' : left.text, right.kind === 'empty' ? '' : right.text);
}

/** More rows than these are no reading. */
const MOST_ROWS = 2_000;

function Difference({ rows, isSame }: { rows: readonly DiffRow[]; isSame: boolean }) {
  const parts = useMemo(() => folded(rows.slice(0, MOST_ROWS)), [rows]);
  const differing = rows.filter(({ kind }) => kind !== 'same').length;
  return (
    <>
      <p role="status">
        {differing > 0
          ? `${counted(differing, 'line')} ${differing === 1 ? 'differs' : 'differ'}.`
          : isSame
            ? 'The bodies are the same, byte for byte.'
            : 'They say the same; only space between differs.'}
      </p>
      {differing > 0 && (
        <table class="diff">
          <caption class="unseen">The bodies line by line, the older event on the left</caption>
          <colgroup>
            <col class="diff-col-number" />
            <col />
            <col class="diff-col-number" />
            <col />
          </colgroup>
          <thead class="unseen">
            <tr>
              <th scope="col">Line</th>
              <th scope="col">Left</th>
              <th scope="col">Line</th>
              <th scope="col">Right</th>
            </tr>
          </thead>
          {parts.map((part, index) => (
            <Part key={index} part={part} />
          ))}
        </table>
      )}
      {rows.length > MOST_ROWS && <p class="muted">Only the first {counted(MOST_ROWS, 'line')} are shown.</p>}
    </>
  );
}

function Part({ part }: { part: DiffPart }) {
  const [isOpen, setOpen] = useState(part.kind === 'rows');
  if (!isOpen) {
    return (
      <tbody>
        <tr>
          <td colSpan={4} class="diff-fold">
            <button type="button" class="quiet" onClick={() => setOpen(true)}>
              Show {counted(part.rows.length, 'equal line')}
            </button>
          </td>
        </tr>
      </tbody>
    );
  }
  return (
    <tbody>
      {part.rows.map((row, index) => (
        <tr key={index} class={`diff-${row.kind}`}>
          <Side line={row.left} mark={row.kind === 'same' ? '' : '−'} />
          <Side line={row.right} mark={row.kind === 'same' ? '' : '+'} />
        </tr>
      ))}
    </tbody>
  );
}

/** The mark says it without colour. */
const Side = ({ line, mark }: { line: DiffLine | null; mark: string }) => (
  <>
    <td class="diff-number">{line?.number}</td>
    <td class={line === null ? 'diff-none' : 'diff-text'}>
      {line !== null && (
        <>
          <span class="diff-mark">{mark}</span>
          {visible(line.text)}
        </>
      )}
    </td>
  </>
);
