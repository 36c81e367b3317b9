import Sqlite from 'better-sqlite3';
import { RelayProcess } from '../../test/support/relay-process.ts';
import { atMost, type Measure, measure } from '../measure.ts';
import { generate } from '../processes.ts';
import { type Bench, closedLoad, type Scenario, steadyLoad } from '../scenario.ts';
import { signedRoute } from './verify.ts';

const GOOD_PER_SECOND = 500;
const FLOOD_CONNECTIONS = 64;
/** Refusals kept of a flood: 100 at once and 20 a second after that, about 4 KiB each. */
const BUDGET = { burst: 100, perSecond: 20, bytes: 4096 };

interface Kept {
  rows: number;
  bytes: number;
}

function keptRejections(database: string): Kept {
  const db = new Sqlite(database, { readonly: true });
  try {
    const size = 'length(headers) + length(body_start) + length(explanation)';
    return db.prepare(`SELECT count(*) AS rows, coalesce(sum(${size}), 0) AS bytes FROM rejections`).get() as Kept;
  } finally {
    db.close();
  }
}

async function underFlood(bench: Bench, relay: RelayProcess): Promise<Measure[]> {
  const seconds = bench.short ? 2 : 30;
  await generate(steadyLoad(relay.hookUrl, GOOD_PER_SECOND, 1, 'hmac'));
  const [bad, good] = await Promise.all([
    generate(closedLoad(relay.hookUrl, { seconds: seconds + 1 }, { proof: 'forged', connections: FLOOD_CONNECTIONS })),
    generate(steadyLoad(relay.hookUrl, GOOD_PER_SECOND, seconds, 'hmac')),
  ]);
  if (bad.failed[401] !== bad.sent) throw new Error(`not every forged request was refused: ${JSON.stringify(bad)}`);
  await relay.stop();
  const kept = keptRejections(relay.database);
  const budgetRows = BUDGET.burst + BUDGET.perSecond * bad.seconds;
  return [
    measure('forged requests refused', bad.sent / bad.seconds, '/s'),
    measure('acknowledgement of good ones p50', good.latencyMs.p50, 'ms'),
    measure('acknowledgement of good ones p99', good.latencyMs.p99, 'ms', atMost(20)),
    measure('good ones refused', good.sent - good.ok, '', atMost(0)),
    measure('refusals kept, of the budget', kept.rows / budgetRows, '', atMost(1)),
    measure('their size, of the budget', kept.bytes / (budgetRows * BUDGET.bytes), '', atMost(1)),
  ];
}

export const flood: Scenario = {
  name: 'flood',
  title: 'A flood of forged signatures from 64 connections beside 500 good events/s, open loop',
  async run(bench): Promise<Measure[]> {
    const config = { routes: { knowledgesdk: signedRoute() } };
    const relay = await RelayProcess.start({ ...bench.relay, target: bench.receiver.url, config });
    try {
      return await underFlood(bench, relay);
    } finally {
      await relay.remove();
      await bench.receiver.forget();
    }
  },
};
