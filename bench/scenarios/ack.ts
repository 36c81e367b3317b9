import { RelayProcess } from '../../test/support/relay-process.ts';
import type { LoadReport } from '../load-plan.ts';
import { atLeast, type Measure, measure } from '../measure.ts';
import { generate, startBareServer } from '../processes.ts';
import { type Bench, closedLoad, type Scenario, warmUp } from '../scenario.ts';

async function throughput(url: string, bench: Bench): Promise<number> {
  await generate(warmUp(url, bench));
  const report = await generate(closedLoad(url, { seconds: bench.short ? 1 : 10 }));
  return expectAllOk(report).ok / report.seconds;
}

function expectAllOk(report: LoadReport): LoadReport {
  if (report.ok !== report.sent) throw new Error(`not all requests were acknowledged: ${JSON.stringify(report.failed)}`);
  return report;
}

async function acknowledgedByRelay(bench: Bench): Promise<number> {
  const relay = await RelayProcess.start({ ...bench.relay, target: bench.receiver.url });
  try {
    await relay.admin.post('/api/v1/targets/app/pause');
    return await throughput(relay.hookUrl, bench);
  } finally {
    await relay.remove();
  }
}

async function answeredByBareServer(bench: Bench): Promise<number> {
  const bare = await startBareServer();
  try {
    return await throughput(bare.url, bench);
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
      measure('relay', relay, '/s'),
      measure('bare node:http server', bare, '/s'),
      measure('ratio', relay / bare, '', atLeast(0.4)),
    ];
  },
};
