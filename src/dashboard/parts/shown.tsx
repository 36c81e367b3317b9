import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { Counts, Headers, ShownStatus } from '../api/types.ts';
import { statusWords } from '../words/delivery.ts';
import { clock, count } from '../words/figures.ts';
import { visible } from '../words/visible.ts';

/** A time in the reader's zone; the exact one on hovering. */
export const Time = ({ at }: { at: string }) => (
  <time dateTime={at} title={at}>
    {clock(at)}
  </time>
);

/** Text that a sender or a target chose: always a text node, always visible, and its direction stays inside. */
export const Foreign = ({ text }: { text: string }) => <bdi>{visible(text)}</bdi>;

/** The type of an event, which it may not have. */
export const EventType = ({ type }: { type: string | null }) =>
  type === null ? <span class="muted">no type</span> : <Foreign text={type} />;

export const Status = ({ status, children }: { status: ShownStatus; children?: ComponentChildren }) => (
  <span class={`status status-${status}`}>{children ?? statusWords(status)}</span>
);

/** What somebody has to look at comes first. */
const ORDER = ['dead', 'held', 'pending', 'cancelled', 'filtered', 'delivered'];
const rank = (status: string): number => ORDER.indexOf(status);

/** What became of an event's deliveries: the word alone for one, figures for several. */
export function Statuses({ counts }: { counts: Counts }) {
  const entries = Object.entries(counts)
    .filter(([, number]) => number > 0)
    .sort(([a], [b]) => rank(a) - rank(b));
  const total = entries.reduce((sum, [, number]) => sum + number, 0);
  if (total === 0) return <span class="muted">no deliveries</span>;
  return (
    <span class="statuses">
      {entries.map(([status, number]) => (
        <Status key={status} status={status}>
          {total === 1 ? statusWords(status) : `${count(number)} ${statusWords(status)}`}
        </Status>
      ))}
    </span>
  );
}

/** Text to take along. The browser's clipboard needs HTTPS or loopback; without it there is no button. */
export function Copyable({ text, label }: { text: string; label: string }) {
  const [isCopied, setCopied] = useState(false);
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
    setTimeout(() => setCopied(false), 2_000);
  };
  return (
    <div class="copyable">
      <pre>{text}</pre>
      {window.isSecureContext && (
        <button type="button" aria-label={label} onClick={() => void copy()}>
          {isCopied ? 'Copied' : 'Copy'}
        </button>
      )}
    </div>
  );
}

export function HeaderTable({ headers, caption }: { headers: Headers; caption: string }) {
  return (
    <table class="headers">
      <caption class="unseen">{caption}</caption>
      <colgroup>
        <col class="col-name" />
        <col />
      </colgroup>
      <thead class="unseen">
        <tr>
          <th scope="col">Name</th>
          <th scope="col">Value</th>
        </tr>
      </thead>
      <tbody>
        {headers.map(([name, value], index) => (
          // Headers repeat, and their place is what tells them apart.
          <tr key={index}>
            <th scope="row">
              <Foreign text={name} />
            </th>
            <td>
              <Foreign text={value} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Why what is shown may be old, or nothing. */
export const Trouble = ({ text }: { text: string | null }) => (
  <div role="alert">{text !== null && <p class="trouble">{text} What is shown may be out of date.</p>}</div>
);
