import { ROUTE_PATH, TOKEN } from '../../test/support/knowledgesdk-event.ts';
import { RelayProcess } from '../../test/support/relay-process.ts';
import { waitFor } from '../../test/support/wait.ts';
import { atMost, type Measure, measure } from '../measure.ts';
import { generate, type Receiver, type Timing } from '../processes.ts';
import { type Bench, closedLoad, type Scenario, steadyLoad } from '../scenario.ts';

const OTHERS_PER_SECOND = 200;
const OTHER_PATH = '/webhooks/other';

/** `app` has its limit, `other` has none. */
function twoRoutes(receiver: string, ratePerSecond: number): Record<string, unknown> {
  const verify = { provider: 'knowledgesdk', token: TOKEN };
  return {
    targets: {
      app: { url: `${receiver}/timed/app`, rateLimit: `${ratePerSecond}/s`, concurrency: 64 },
      other: { url: `${receiver}/timed/other` },
    },
    routes: {
      knowledgesdk: { path: ROUTE_PATH, verify, deliver: 'app' },
      other: { path: OTHER_PATH, verify, deliver: 'other' },
    },
  };
}

async function timing(receiver: Receiver, path: string): Promise<Timing> {
  const found = (await receiver.timings()).get(path);
  if (found === undefined) throw new Error(`nothing has come for ${path}`);
  return found;
}

async function drained(bench: Bench, relay: RelayProcess, size: { events: number; ratePerSecond: number }): Promise<Measure[]> {
  const { events, ratePerSecond } = size;
  const seconds = events / ratePerSecond;
  const others = (forSeconds: number) => generate(steadyLoad(`${relay.publicUrl}${OTHER_PATH}`, OTHERS_PER_SECOND, forSeconds));
  await relay.admin.post('/api/v1/targets/app/pause');
  const made = await generate(closedLoad(relay.hookUrl, { requests: events }));
  if (made.ok !== events) throw new Error(`the backlog could not be made: ${JSON.stringify(made.failed)}`);
  await others(bench.short ? 1 : 5);
  await bench.receiver.forget();
  await others(bench.short ? 2 : 20);
  const quiet = await timing(bench.receiver, 'other');
  await bench.receiver.forget();
  await relay.admin.post('/api/v1/targets/app/resume');
  await others(seconds);
  const patience = { timeoutMs: 60_000, everyMs: 50 };
  await waitFor('the whole backlog', async () => (await timing(bench.receiver, 'app')).count === events, patience);
  const [app, beside] = [await timing(bench.receiver, 'app'), await timing(bench.receiver, 'other')];
  // Half a second's worth comes at once, and belongs to the time before.
  const measured = (app.count - ratePerSecond / 2) / ((app.lastAt - app.firstAt) / 1000);
  return [
    measure('the limit', ratePerSecond, '/s'),
    measure('drained, after the first half second of it, which comes at once', measured, '/s'),
    measure('off the limit by', Math.abs(measured / ratePerSecond - 1) * 100, '%', atMost(5)),
    measure("others' new events, acceptance to delivery p99, before it", quiet.latencyMs.p99, 'ms'),
    measure("others' new events, acceptance to delivery p99, beside it", beside.latencyMs.p99, 'ms', atMost(100)),
    measure("others' new events, acceptance to delivery max, beside it", beside.latencyMs.max, 'ms'),
  ];
}

export const drain: Scenario = {
  name: 'drain',
  title: '100,000 deliveries of one target that are due after an outage, drained at its rate limit; 200 events/s for another',
  async run(bench): Promise<Measure[]> {
    const size = bench.short ? { events: 2_000, ratePerSecond: 500 } : { events: 100_000, ratePerSecond: 2_000 };
    const receiver = new URL(bench.receiver.url).origin;
    const config = twoRoutes(receiver, size.ratePerSecond);
    const relay = await RelayProcess.start({ ...bench.relay, target: receiver, config });
    try {
      return await drained(bench, relay, size);
    } finally {
      await relay.remove();
      await bench.receiver.forget();
    }
  },
};
