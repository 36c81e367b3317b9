import { TOKEN } from '../../test/support/knowledgesdk-event.ts';
import { RelayProcess } from '../../test/support/relay-process.ts';
import { atMost, type Measure, measure } from '../measure.ts';
import { generate } from '../processes.ts';
import { type Bench, type Scenario, steadyLoad } from '../scenario.ts';

const RATE_PER_SECOND = 1_000;
const TARGETS = Array.from({ length: 10 }, (_, index) => `target-${index}`);
const [DEAD = '', SLOW = '', ...HEALTHY] = TARGETS;
/** Nothing listens there. */
const NOBODY = 'http://127.0.0.1:9/hooks';

const path = (target: string): string => `/webhooks/${target}`;

/** Ten routes with a target each, so that every event goes to one of them. */
function tenRoutes(receiver: string, changed: Record<string, string>): Record<string, unknown> {
  const verify = { provider: 'knowledgesdk', token: TOKEN };
  return {
    targets: Object.fromEntries(TARGETS.map((name) => [name, { url: changed[name] ?? `${receiver}/timed/${name}` }])),
    routes: Object.fromEntries(TARGETS.map((name) => [name, { path: path(name), verify, deliver: name }])),
  };
}

/** The p99 of each healthy target from acceptance to delivery, ms. */
async function healthy(bench: Bench, changed: Record<string, string>): Promise<number[]> {
  const receiver = new URL(bench.receiver.url).origin;
  const relay = await RelayProcess.start({ ...bench.relay, target: receiver, config: tenRoutes(receiver, changed) });
  try {
    const urls = TARGETS.map((name) => `${relay.publicUrl}${path(name)}`);
    await generate(steadyLoad(urls, RATE_PER_SECOND, bench.short ? 1 : 5));
    await bench.receiver.forget();
    const report = await generate(steadyLoad(urls, RATE_PER_SECOND, bench.short ? 3 : 60));
    if (report.ok !== report.sent) throw new Error(`not all events were acknowledged: ${JSON.stringify(report.failed)}`);
    const timings = await bench.receiver.timings();
    return HEALTHY.map((name) => timings.get(name)?.latencyMs.p99 ?? Number.NaN);
  } finally {
    await relay.remove();
    await bench.receiver.forget();
  }
}

export const neighbours: Scenario = {
  name: 'neighbours',
  title: 'A dead target and one that takes 2 s among ten, at 1,000 events/s: the other eight, from acceptance to delivery',
  async run(bench): Promise<Measure[]> {
    const quiet = await healthy(bench, {});
    const slow = `${new URL(bench.receiver.url).origin}/slow/${SLOW}`;
    const beside = await healthy(bench, { [DEAD]: NOBODY, [SLOW]: slow });
    const [before, after] = [Math.max(...quiet), Math.max(...beside)];
    return [
      measure('p99 when all ten are well, the worst of the eight', before, 'ms'),
      measure('p99 beside a dead and a slow one, the worst of the eight', after, 'ms'),
      measure('ratio', after / before, '', atMost(2)),
    ];
  },
};
