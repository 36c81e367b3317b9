import { useCallback } from 'preact/hooks';
import { get } from '../api/client.ts';
import type { Page, Rejection } from '../api/types.ts';
import { Foreign, HeaderTable, Time, Trouble } from '../parts/shown.tsx';
import { usePolled } from '../polling.ts';
import { refusalWords } from '../words/refusal.ts';

const SHOWN = 100;

/** Requests that were refused: the answer to 'why was my webhook not taken'. */
export function Rejections() {
  const load = useCallback((signal: AbortSignal) => get<Page<Rejection>>(`rejections?limit=${SHOWN}`, signal), []);
  const { value, trouble } = usePolled(load);
  return (
    <>
      <h1 tabIndex={-1}>Rejections</h1>
      <p class="muted">Requests that were refused. Their senders were told so and still own them; they are kept for some days.</p>
      <Trouble text={trouble} />
      {value !== null && value.data.length === 0 && <p class="empty">No request was refused.</p>}
      {value !== null && value.data.length > 0 && <RejectionsTable rejections={value.data} />}
      {value?.nextCursor != null && <p class="muted">The newest {SHOWN} are shown.</p>}
    </>
  );
}

const RejectionsTable = ({ rejections }: { rejections: readonly Rejection[] }) => (
  <table class="list">
    <caption class="unseen">Rejections, newest first</caption>
    <thead>
      <tr>
        <th scope="col" class="col-time">
          Refused
        </th>
        <th scope="col">Why</th>
        <th scope="col" class="col-route wide-only">
          Route
        </th>
        <th scope="col" class="col-route wide-only">
          Sender
        </th>
        <th scope="col" class="col-answer end">
          Answer
        </th>
      </tr>
    </thead>
    <tbody>
      {rejections.map((rejection) => (
        <RejectionRow key={rejection.id} rejection={rejection} />
      ))}
    </tbody>
  </table>
);

function RejectionRow({ rejection }: { rejection: Rejection }) {
  const { at, reason, explanation, route, peer, status, headers, bodyStart } = rejection;
  return (
    <tr>
      <td class="figures">
        <Time at={at} />
      </td>
      <td>
        <details>
          <summary>
            <b>{refusalWords(reason)}</b>
            <span class="muted small block">
              <Foreign text={explanation} />
            </span>
          </summary>
          {headers.length > 0 && (
            <HeaderTable headers={headers} caption="Headers of the refused request, credentials taken out" />
          )}
          {bodyStart !== '' && (
            <pre class="answer">
              <Foreign text={bodyStart} />
            </pre>
          )}
        </details>
      </td>
      <td class="wide-only clip">{route ?? <span class="muted">none</span>}</td>
      <td class="wide-only clip">{peer}</td>
      <td class="figures end">{status}</td>
    </tr>
  );
}
