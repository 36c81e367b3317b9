import type { TargetConfig } from '../config/types.ts';
import { type PlannedAttempt, planOf, type Span } from '../domain/retry-plan.ts';
import type { RetryPolicy } from '../domain/retry-policy.ts';
import { spokenTime } from '../domain/spoken-time.ts';
import { judgeStatus, type StatusVerdict, statusesWhere } from '../domain/status-rules.ts';
import type { Output } from './context.ts';
import { statusWords } from './status-words.ts';
import { type Column, facts, table } from './table.ts';
import { painter, printable } from './text.ts';

/** Attempts that are shown one by one up to where the waits stay the same; and where that comes later. */
const MOST_ROWS = 16;
const ROWS_OF_GROWTH = 8;

/** A line of the table: an attempt, or what stands for several. */
type Row = { kind: 'attempt'; attempt: PlannedAttempt } | { kind: 'fold'; words: string };

/** From which attempt on the waits stay the same; the last wait may be cut by a duration. */
function steadyFrom(plan: readonly PlannedAttempt[]): number {
  const waits = plan.map(({ wait }) => wait?.plain);
  let from = Math.max(plan.length - 2, 0);
  while (from > 1 && waits[from - 1] === waits[from]) from -= 1;
  return from;
}

/** The first attempts and the last; what lies between is folded into one line. */
function rowsOf(plan: readonly PlannedAttempt[]): Row[] {
  const shown = (attempt: PlannedAttempt): Row => ({ kind: 'attempt', attempt });
  const steady = steadyFrom(plan);
  const head = steady < MOST_ROWS ? steady + 1 : ROWS_OF_GROWTH;
  const last = plan.at(-1);
  if (last === undefined || plan.length - head <= 2) return plan.map(shown);
  const wait = plan[steady]?.wait?.plain ?? 0;
  const words = head === steady + 1 ? `then every ${spokenTime(wait)}` : `then up to ${spokenTime(wait)}`;
  return [...plan.slice(0, head).map(shown), { kind: 'fold', words }, shown(last)];
}

function range({ least, most }: Span): string {
  return least === most ? '' : `${spokenTime(least)} – ${spokenTime(most)}`;
}

function planTable(output: Output, plan: readonly PlannedAttempt[]): string {
  const paint = painter(output);
  const dim = (_row: Row, text: string): string => paint('dim', text);
  const of = (row: Row, cell: (attempt: PlannedAttempt) => string): string => (row.kind === 'attempt' ? cell(row.attempt) : '');
  const columns: Column<Row>[] = [
    { title: 'ATTEMPT', align: 'right', cell: (row) => (row.kind === 'fold' ? '…' : String(row.attempt.number)) },
    {
      title: 'WAIT',
      cell: (row) => (row.kind === 'fold' ? row.words : row.attempt.wait === null ? '-' : spokenTime(row.attempt.wait.plain)),
    },
    { title: '', cell: (row) => of(row, ({ wait }) => (wait === null ? '' : range(wait))), paint: dim },
    { title: 'SINCE THE FIRST', cell: (row) => of(row, ({ wait, since }) => (wait === null ? '-' : spokenTime(since.plain))) },
    { title: '', cell: (row) => of(row, ({ since }) => range(since)), paint: dim },
  ];
  return table(output, columns, rowsOf(plan));
}

function budgetWords({ attempts, durationMs }: RetryPolicy, plan: readonly PlannedAttempt[]): string {
  const last = plan.at(-1)?.since;
  const time = last === undefined ? '' : spokenTime(last.plain);
  const jitter = last === undefined || last.least === last.most ? '' : ` (${range(last)} with jitter)`;
  if (attempts === 1) return 'one attempt, no retry';
  if (durationMs === null) return `${attempts} attempts, the last one after ${time}${jitter}`;
  const count = attempts === null ? `about ${plan.length} attempts` : `at most ${attempts} attempts`;
  return `${count} within ${spokenTime(durationMs)}${last?.plain === durationMs ? ', the last one at its end' : ''}`;
}

function statusesBy(policy: RetryPolicy, ...verdicts: StatusVerdict[]): number[] {
  return statusesWhere((status) => verdicts.includes(judgeStatus(policy.statuses, status)));
}

/** When targets with the same policy are tried again, for people. */
function policyWords(output: Output, targets: readonly TargetConfig[], retry: RetryPolicy): string {
  const plan = planOf(retry);
  const dead = statusesBy(retry, 'dead_on_status', 'status_not_retried');
  const pausing = statusesBy(retry, 'pause');
  const asked = spokenTime(retry.retryAfterMaxMs);
  const isOnce = retry.attempts === 1;
  const paint = painter(output);
  const rules = facts(output, [
    ['budget', budgetWords(retry, plan)],
    ['tried again', isOnce ? null : `${statusWords(statusesBy(retry, 'retry'))}, timeouts and network errors`],
    ['dead at once', dead.length === 0 ? null : statusWords(dead)],
    ['pause the target', pausing.length === 0 ? null : statusWords(pausing)],
    [
      'Retry-After',
      isOnce ? null : retry.retryAfterMaxMs === 0 ? 'passed over' : `when it is longer than the wait, up to ${asked}`,
    ],
  ]);
  const titles = targets.map(({ name, shownUrl }) => `${paint('bold', printable(name))}  ${paint('dim', printable(shownUrl))}\n`);
  return `${titles.join('')}\n${rules}${isOnce ? '' : `\n${planTable(output, plan)}`}`;
}

/** Per target when it is tried again, and what its answers mean; those that have the same policy together. */
export function explainTargets(output: Output, targets: Iterable<TargetConfig>): string {
  const byPolicy = Map.groupBy(targets, ({ retry }) => JSON.stringify(retry));
  return [...byPolicy.values()]
    .flatMap((alike) => (alike[0] === undefined ? [] : [policyWords(output, alike, alike[0].retry)]))
    .join('\n');
}

/** The same for programs: every planned attempt, times in ms. */
export function explainedTargets(targets: Iterable<TargetConfig>): object {
  return Object.fromEntries(
    [...targets].map(({ name, retry }) => {
      const { attempts, durationMs, jitter, retryAfterMaxMs } = retry;
      const statuses = {
        retry: statusesBy(retry, 'retry'),
        dead: statusesBy(retry, 'dead_on_status', 'status_not_retried'),
        pause: statusesBy(retry, 'pause'),
      };
      const plan = planOf(retry).map(({ number, wait, since }) => ({ number, waitMs: wait, sinceMs: since }));
      return [name, { attempts, durationMs, jitter, retryAfterMaxMs, statuses, plan }];
    }),
  );
}
