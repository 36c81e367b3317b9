import { TOKEN } from '../../test/support/knowledgesdk-event.ts';
import { RelayProcess } from '../../test/support/relay-process.ts';
import { waitFor } from '../../test/support/wait.ts';
import { atMost, type Measure, measure } from '../measure.ts';
import { generate, type Timing } from '../processes.ts';
import { type Bench, type Scenario, steadyLoad } from '../scenario.ts';

const RATE_PER_SECOND = 1_000;
const TARGETS = Array.from({ length: 10 }, (_, index) => `target-${index}`);
const [DEAD = '', SLOW = '', ...BESIDE_SLOW] = TARGETS;
const [, FLAPPING = '', UNPROTECTED = '', ...BESIDE_FLAPPING] = TARGETS;
/** Nothing listens there. */
const NOBODY = 'http://127.0.0.1:9/hooks';
/** Long enough for every retry of a target that is down for ten seconds. */
const RETRY = { attempts: 100, initial: '500ms', factor: 2, max: '4s', jitter: 0 };

/** Settings of targets that are not like the others. */
type Changed = Record<string, Record<string, unknown>>;

const path = (target: string): string => `/webhooks/${target}`;

/** Ten routes with a target each, so that every event goes to one of them. */
function tenRoutes(receiver: string, changed: Changed): Record<string, unknown> {
  const verify = { provider: 'knowledgesdk', token: TOKEN };
  return {
    targets: Object.fromEntries(TARGETS.map((name) => [name, { url: `${receiver}/timed/${name}`, ...changed[name] }])),
    routes: Object.fromEntries(TARGETS.map((name) => [name, { path: path(name), verify, deliver: name }])),
  };
}

/** @param until targets whose deliveries are all waited for */
async function timings(bench: Bench, changed: Changed, until: readonly string[] = []): Promise<Map<string, Timing>> {
  const receiver = new URL(bench.receiver.url).origin;
  const relay = await RelayProcess.start({ ...bench.relay, target: receiver, config: tenRoutes(receiver, changed) });
  try {
    const urls = TARGETS.map((name) => `${relay.publicUrl}${path(name)}`);
    await generate(steadyLoad(urls, RATE_PER_SECOND, bench.short ? 1 : 5));
    for (const name of until) await settled(relay, name);
    await bench.receiver.forget();
    const report = await generate(steadyLoad(urls, RATE_PER_SECOND, bench.short ? 3 : 60));
    if (report.ok !== report.sent) throw new Error(`not all events were acknowledged: ${JSON.stringify(report.failed)}`);
    for (const name of until) await settled(relay, name);
    return await bench.receiver.timings();
  } finally {
    await relay.remove();
    await bench.receiver.forget();
  }
}

async function settled(relay: RelayProcess, name: string): Promise<void> {
  const isSettled = async (): Promise<boolean> => (await relay.admin.counts(name)).pending === 0;
  await waitFor(`all of ${name}`, isSettled, { timeoutMs: 120_000 });
}

/** The worst p99 of these targets from acceptance to delivery, ms. */
function worst(timed: Map<string, Timing>, names: readonly string[]): number {
  return Math.max(...names.map((name) => timed.get(name)?.latencyMs.p99 ?? Number.NaN));
}

export const neighbours: Scenario = {
  name: 'neighbours',
  title: 'A dead target and one that takes 2 s among ten, at 1,000 events/s: the other eight, from acceptance to delivery',
  async run(bench): Promise<Measure[]> {
    const quiet = await timings(bench, {});
    const slow = `${new URL(bench.receiver.url).origin}/slow/${SLOW}`;
    const beside = await timings(bench, { [DEAD]: { url: NOBODY }, [SLOW]: { url: slow } });
    const [before, after] = [worst(quiet, BESIDE_SLOW), worst(beside, BESIDE_SLOW)];
    return [
      measure('p99 when all ten are well, the worst of the eight', before, 'ms'),
      measure('p99 beside a dead and a slow one, the worst of the eight', after, 'ms'),
      measure('ratio', after / before, '', atMost(2)),
    ];
  },
};

export const flapping: Scenario = {
  name: 'flapping',
  title: 'A dead target and two that are down for 10 s of every 20 s among ten, at 1,000 events/s: from acceptance to delivery',
  async run(bench): Promise<Measure[]> {
    const quiet = await timings(bench, {});
    const url = (name: string): string => `${new URL(bench.receiver.url).origin}/flapping/${bench.short ? 500 : 10_000}/${name}`;
    const changed = {
      [DEAD]: { url: NOBODY },
      [FLAPPING]: { url: url(FLAPPING), retry: RETRY, breaker: { cooldown: '500ms', maxCooldown: '4s' } },
      [UNPROTECTED]: { url: url(UNPROTECTED), retry: RETRY, breaker: 'off' },
    };
    const beside = await timings(bench, changed, [FLAPPING, UNPROTECTED]);
    const [before, after] = [worst(quiet, BESIDE_FLAPPING), worst(beside, BESIDE_FLAPPING)];
    const [behindBreaker, without] = [FLAPPING, UNPROTECTED].map((name) => beside.get(name)?.meanMs ?? Number.NaN);
    return [
      measure('p99 when all ten are well, the worst of the seven', before, 'ms'),
      measure('p99 beside a dead and two flapping ones, the worst of the seven', after, 'ms'),
      measure('ratio', after / before, '', atMost(2)),
      measure('mean of a flapping one behind a breaker', behindBreaker ?? Number.NaN, 'ms'),
      measure('mean of one without, with the same retries', without ?? Number.NaN, 'ms'),
      measure('how much later the breaker makes it', (behindBreaker ?? Number.NaN) / (without ?? Number.NaN), '', atMost(1.1)),
    ];
  },
};
