import { RelayProcess } from '../../test/support/relay-process.ts';
import { waitFor } from '../../test/support/wait.ts';
import { BACKLOG_TARGET, twoTargets } from '../backlog-store.ts';
import { atMost, type Measure, measure } from '../measure.ts';
import { generate } from '../processes.ts';
import { type Bench, type Scenario, steadyLoad } from '../scenario.ts';

/** Leaves the backlog with its target open, by the kill that a start has to cope with. */
async function openTarget(bench: Bench): Promise<RelayProcess> {
  const target = bench.receiver.url;
  const folder = await bench.backlog.folder();
  const relay = await RelayProcess.start({ ...bench.relay, target, folder, config: twoTargets(target, BACKLOG_TARGET) });
  await relay.admin.post(`/api/v1/targets/${BACKLOG_TARGET}/resume`);
  await relay.kill();
  return relay;
}

export const start: Scenario = {
  name: 'start',
  title: 'Start with 1,000,000 pending deliveries after a kill, then 1,000 events/s while they are delivered',
  async run(bench): Promise<Measure[]> {
    const { receiver } = bench;
    const before = await openTarget(bench);
    await receiver.forget();
    const relay = await before.startAgain();
    try {
      const readyAt = performance.timeOrigin + performance.now();
      const seen = await waitFor('a delivery', async () => {
        const now = await receiver.seen();
        return now.count > 0 && now;
      });
      const pending = (await relay.admin.counts(BACKLOG_TARGET)).pending;
      await generate(steadyLoad(relay.hookUrl, 1_000, bench.short ? 1 : 10));
      return [
        measure('pending deliveries', pending, ''),
        measure('from the start of the process until it takes webhooks', relay.readyMs / 1000, 's', atMost(2)),
        measure('first delivery after that', Math.max(0, (seen.firstAt - readyAt) / 1000), 's', atMost(1)),
        measure('peak resident memory', relay.program.peakResidentMiB(), 'MiB', atMost(350)),
      ];
    } finally {
      await relay.stop();
      await receiver.forget();
    }
  },
};
