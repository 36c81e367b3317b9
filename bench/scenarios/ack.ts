import type { ChildProgram } from '../../test/support/child-program.ts';
import { RelayProcess } from '../../test/support/relay-process.ts';
import type { Proof } from '../load-plan.ts';
import { atLeast, type Measure, measure } from '../measure.ts';
import { generate, startBareServer } from '../processes.ts';
import { type Bench, closedLoad, type Scenario, type Throughput, warmUp } from '../scenario.ts';

/** What a server takes when it is asked as fast as it answers, for ten seconds. */
export async function throughput(url: string, server: ChildProgram, bench: Bench, proof: Proof = 'token'): Promise<Throughput> {
  await generate(warmUp(url, bench, proof));
  const cpuBefore = server.cpuSeconds();
  const report = await generate(closedLoad(url, { seconds: bench.short ? 1 : 10 }, { proof }));
  if (report.ok !== report.sent) throw new Error(`not all requests were acknowledged: ${JSON.stringify(report.failed)}`);
  return { perSecond: report.ok / report.seconds, cpuMicroseconds: ((server.cpuSeconds() - cpuBefore) * 1e6) / report.ok };
}

async function acknowledgedByRelay(bench: Bench): Promise<Throughput> {
  const relay = await RelayProcess.start({ ...bench.relay, target: bench.receiver.url });
  try {
    await relay.admin.post('/api/v1/targets/app/pause');
    return await throughput(relay.hookUrl, relay.program, bench);
  } finally {
    await relay.remove();
  }
}

async function answeredByBareServer(bench: Bench): Promise<Throughput> {
  const bare = await startBareServer();
  try {
    return await throughput(bare.url, bare.program, bench);
  } finally {
    await bare.program.kill();
  }
}

export const ack: Scenario = {
  name: 'ack',
  title: 'Acknowledged and committed, deliveries to a paused target, 256 connections',
  async run(bench): Promise<Measure[]> {
    const bare = await answeredByBareServer(bench);
    const relay = await acknowledgedByRelay(bench);
    return [
      measure('relay', relay.perSecond, '/s'),
      measure('bare node:http server', bare.perSecond, '/s'),
      measure('ratio', relay.perSecond / bare.perSecond, '', atLeast(0.4)),
      measure('processor time per event, relay', relay.cpuMicroseconds, 'us'),
      measure('processor time per request, bare server', bare.cpuMicroseconds, 'us'),
    ];
  },
};
