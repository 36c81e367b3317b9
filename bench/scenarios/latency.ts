import { RelayProcess, type RelaySetup } from '../../test/support/relay-process.ts';
import { twoTargets } from '../backlog-store.ts';
import type { LoadReport } from '../load-plan.ts';
import { atMost, type Measure, measure } from '../measure.ts';
import { generate, startForwarder } from '../processes.ts';
import { type Bench, type Scenario, steadyLoad, TARGET_CONNECTIONS } from '../scenario.ts';

const RATE_PER_SECOND = 1_000;

interface Steady {
  report: LoadReport;
  peakMiB: number;
}

/** One minute at the steady rate, after a warm-up at the same rate: a burst would leave its mark on the memory. */
async function steady(url: string, bench: Bench): Promise<LoadReport> {
  await generate(steadyLoad(url, RATE_PER_SECOND, bench.short ? 1 : 5));
  const report = await generate(steadyLoad(url, RATE_PER_SECOND, bench.short ? 2 : 60));
  if (report.ok !== report.sent) throw new Error(`not all events were acknowledged: ${JSON.stringify(report.failed)}`);
  return report;
}

async function steadyRelay(setup: RelaySetup, bench: Bench): Promise<Steady> {
  const relay = await RelayProcess.start({ ...bench.relay, ...setup });
  try {
    const report = await steady(relay.hookUrl, bench);
    return { report, peakMiB: relay.program.peakResidentMiB() };
  } finally {
    await (setup.folder === undefined ? relay.remove() : relay.stop());
    await bench.receiver.forget();
  }
}

async function steadyForwarder(bench: Bench): Promise<LoadReport> {
  const forwarder = await startForwarder(bench.receiver.url, TARGET_CONNECTIONS);
  try {
    return await steady(forwarder.url, bench);
  } finally {
    await forwarder.program.kill();
    await bench.receiver.forget();
  }
}

function relayMeasures({ report, peakMiB }: Steady, memoryGoalMiB: number): Measure[] {
  return [
    measure('acknowledgement p50', report.latencyMs.p50, 'ms', atMost(2)),
    measure('acknowledgement p99', report.latencyMs.p99, 'ms', atMost(10)),
    measure('acknowledgement max', report.latencyMs.max, 'ms'),
    measure('part of it that is the generator being late, p50', report.latenessMs.p50, 'ms'),
    measure('part of it that is the generator being late, p99', report.latenessMs.p99, 'ms'),
    measure('peak resident memory', peakMiB, 'MiB', atMost(memoryGoalMiB)),
  ];
}

export const latency: Scenario = {
  name: 'latency',
  title: 'A steady 1,000 events/s for 60 s, open loop, deliveries running; latency from the time each was due',
  async run(bench): Promise<Measure[]> {
    const forwarder = await steadyForwarder(bench);
    const ours = await steadyRelay({ target: bench.receiver.url }, bench);
    return [
      ...relayMeasures(ours, 220),
      measure('forwarder p50', forwarder.latencyMs.p50, 'ms'),
      measure('forwarder p99', forwarder.latencyMs.p99, 'ms'),
    ];
  },
};

export const latencyStored: Scenario = {
  name: 'latency-stored',
  title: 'The same with 1,000,000 events already stored, pending for another target that is paused',
  async run(bench): Promise<Measure[]> {
    const target = bench.receiver.url;
    const setup = { target, folder: await bench.backlog.folder(), config: twoTargets(target, 'app') };
    return relayMeasures(await steadyRelay(setup, bench), 350);
  },
};
