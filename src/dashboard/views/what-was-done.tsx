import { useCallback, useState } from 'preact/hooks';
import { get, query } from '../api/client.ts';
import type { AuditEntry } from '../api/relay.ts';
import type { Page } from '../api/types.ts';
import { Foreign, Time, Trouble } from '../parts/shown.tsx';
import { usePolled } from '../polling.ts';
import { actionWords, outcomeWords } from '../words/audit.ts';

const STEP = 25;
const MOST = 200;

/** What was done through the API, by whom, newest first. */
export function WhatWasDone() {
  const [limit, setLimit] = useState(STEP);
  const load = useCallback((signal: AbortSignal) => get<Page<AuditEntry>>(`audit${query({ limit })}`, signal), [limit]);
  const { value, trouble } = usePolled(load);
  return (
    <section aria-labelledby="done">
      <h2 id="done">What was done</h2>
      <Trouble text={trouble} />
      {value !== null && value.data.length === 0 && <p class="empty">Nobody has done anything yet.</p>}
      {value !== null && value.data.length > 0 && (
        <>
          <table class="list">
            <caption class="unseen">What was done, newest first</caption>
            <thead>
              <tr>
                <th scope="col" class="col-time">
                  When
                </th>
                <th scope="col">What</th>
                <th scope="col" class="col-route wide-only">
                  Who
                </th>
              </tr>
            </thead>
            <tbody>
              {value.data.map((entry) => (
                <Entry key={entry.id} entry={entry} />
              ))}
            </tbody>
          </table>
          {value.nextCursor !== null && limit < MOST && (
            <p class="below">
              <button type="button" onClick={() => setLimit(MOST)}>
                Show more
              </button>
            </p>
          )}
        </>
      )}
    </section>
  );
}

function Entry({ entry: { at, actor, peer, action, subject, status, detail } }: { entry: AuditEntry }) {
  const outcome = outcomeWords(status);
  return (
    <tr>
      <td class="figures">
        <Time at={at} />
      </td>
      <td>
        <Foreign text={actionWords(action, detail)} />
        {subject !== null && (
          <>
            {' '}
            <b>
              <Foreign text={subject} />
            </b>
          </>
        )}
        {outcome !== '' && <span class="said-dead"> {outcome}</span>}
        {detail !== '' && detail !== '{}' && (
          <code class="muted block">
            <Foreign text={detail} />
          </code>
        )}
        <span class="muted small narrow-only">by {actor}</span>
      </td>
      <td class="wide-only clip">
        <Foreign text={actor} />
        <span class="muted small block">{peer}</span>
      </td>
    </tr>
  );
}
