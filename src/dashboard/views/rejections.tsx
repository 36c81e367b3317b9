import { useCallback, useState } from 'preact/hooks';
import { get, query as queryOf } from '../api/client.ts';
import type { Page, Rejection } from '../api/types.ts';
import { placeOf, replacePlace } from '../location.ts';
import { Choice } from '../parts/fields.tsx';
import { Foreign, HeaderTable, Time, Trouble } from '../parts/shown.tsx';
import { usePolled } from '../polling.ts';
import { useRouteNames } from '../route-names.ts';
import { count } from '../words/figures.ts';
import { REFUSALS, refusalWords } from '../words/refusal.ts';

const PAGE = 100;
const MOST = 1_000;

/** As it stands in the address. */
interface RejectionsFilter {
  route: string;
  reason: string;
}

/** The newest ones, as many pages as it takes. */
async function newest(filter: RejectionsFilter, wanted: number, signal: AbortSignal): Promise<Page<Rejection>> {
  const data: Rejection[] = [];
  let cursor: string | null = null;
  do {
    const page: Page<Rejection> = await get(`rejections${queryOf({ ...filter, limit: PAGE, cursor })}`, signal);
    data.push(...page.data);
    cursor = page.nextCursor;
  } while (cursor !== null && data.length < wanted);
  return { data, nextCursor: cursor };
}

/** Requests that were refused: the answer to 'why was my webhook not taken'. */
export function Rejections({ query }: { query: URLSearchParams }) {
  const filter = { route: query.get('route') ?? '', reason: query.get('reason') ?? '' };
  const { route, reason } = filter;
  const [wanted, setWanted] = useState(PAGE);
  const load = useCallback((signal: AbortSignal) => newest({ route, reason }, wanted, signal), [route, reason, wanted]);
  const { value, trouble } = usePolled(load);
  const isFiltered = route !== '' || reason !== '';
  return (
    <>
      <h1 tabIndex={-1}>Rejections</h1>
      <p class="muted">Requests that were refused. Their senders were told so and still own them; they are kept for some days.</p>
      <Filters filter={filter} />
      <Trouble text={trouble} />
      {value !== null && value.data.length === 0 && (
        <p class="empty">
          {isFiltered ? 'No refused request matches. ' : 'No request was refused.'}
          {isFiltered && <a href="#/rejections">Show all rejections</a>}
        </p>
      )}
      {value !== null && value.data.length > 0 && <RejectionsTable rejections={value.data} />}
      {value?.nextCursor != null && wanted < MOST && (
        <button type="button" onClick={() => setWanted(wanted + PAGE)}>
          Load more
        </button>
      )}
      {value?.nextCursor != null && wanted >= MOST && <p class="muted">The newest {count(value.data.length)} are shown.</p>}
    </>
  );
}

function Filters({ filter }: { filter: RejectionsFilter }) {
  const routes = useRouteNames(filter.route);
  const change = (changes: Partial<RejectionsFilter>): void => replacePlace(placeOf(['rejections'], { ...filter, ...changes }));
  const reasons = filter.reason === '' || REFUSALS.includes(filter.reason) ? REFUSALS : [filter.reason, ...REFUSALS];
  return (
    <search class="filters">
      <Choice
        label="Reason"
        none="any"
        value={filter.reason}
        values={reasons}
        wordsFor={refusalWords}
        onChange={(reason) => change({ reason })}
      />
      <Choice label="Route" none="all" value={filter.route} values={routes} onChange={(route) => change({ route })} />
    </search>
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
          <summary data-row>
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
