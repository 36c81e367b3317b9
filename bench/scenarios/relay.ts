import { RelayProcess } from '../../test/support/relay-process.ts';
import { atLeast, type Measure, measure } from '../measure.ts';
import { generate, startForwarder } from '../processes.ts';
import {
  type Bench,
  closedLoad,
  type Scenario,
  TARGET_CONNECTIONS,
  type Throughput,
  waitForDelivered,
  warmUp,
} from '../scenario.ts';

/**
 * Events a second from the first send to the last settle.
 * @param targetOptions keys of the target's configuration beside the usual ones
 * @param markers values of `payload.marker`
 */
export async function relayed(bench: Bench, events: number, targetOptions = {}, markers = 0): Promise<Throughput> {
  const target = bench.receiver.url;
  const options = { concurrency: TARGET_CONNECTIONS, ...targetOptions };
  const relay = await RelayProcess.start({ ...bench.relay, target, targetOptions: options });
  try {
    const warm = await generate(warmUp(relay.hookUrl, bench));
    await waitForDelivered(relay.admin, bench.receiver, 'app', warm.ok);
    await bench.receiver.forget();
    const cpuBefore = relay.program.cpuSeconds();
    const report = await generate(closedLoad(relay.hookUrl, { requests: events }, { markers }));
    await waitForDelivered(relay.admin, bench.receiver, 'app', report.ok);
    const lastSettledAt = performance.timeOrigin + performance.now();
    if (report.ok !== events) throw new Error(`not all events were acknowledged: ${JSON.stringify(report.failed)}`);
    const perSecond = events / ((lastSettledAt - report.firstSentAt) / 1000);
    return { perSecond, cpuMicroseconds: ((relay.program.cpuSeconds() - cpuBefore) * 1e6) / events };
  } finally {
    await relay.remove();
    await bench.receiver.forget();
  }
}

async function forwarded(bench: Bench, events: number): Promise<Throughput> {
  const forwarder = await startForwarder(bench.receiver.url, TARGET_CONNECTIONS);
  try {
    await generate(warmUp(forwarder.url, bench));
    const cpuBefore = forwarder.program.cpuSeconds();
    const report = await generate(closedLoad(forwarder.url, { requests: events }));
    if (report.ok !== events) throw new Error(`not all events were forwarded: ${JSON.stringify(report.failed)}`);
    const cpuMicroseconds = ((forwarder.program.cpuSeconds() - cpuBefore) * 1e6) / events;
    return { perSecond: events / report.seconds, cpuMicroseconds };
  } finally {
    await forwarder.program.kill();
    await bench.receiver.forget();
  }
}

export const relay: Scenario = {
  name: 'relay',
  title: 'Relayed end to end, from the first send to the last settle, 256 connections',
  async run(bench): Promise<Measure[]> {
    const events = bench.short ? 3_000 : 60_000;
    const yardstick = await forwarded(bench, events);
    const ours = await relayed(bench, events);
    return [
      measure('relay', ours.perSecond, '/s'),
      measure('forwarder (node:http, undici, no storage)', yardstick.perSecond, '/s'),
      measure('ratio', ours.perSecond / yardstick.perSecond, '', atLeast(0.55)),
      measure('processor time per event, relay', ours.cpuMicroseconds, 'us'),
      measure('processor time per request, forwarder', yardstick.cpuMicroseconds, 'us'),
    ];
  },
};
