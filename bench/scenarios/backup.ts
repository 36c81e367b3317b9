import { rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ChildProgram } from '../../test/support/child-program.ts';
import type { RelayProcess } from '../../test/support/relay-process.ts';
import { startOverBacklog } from '../backlog-store.ts';
import { percentiles } from '../load-plan.ts';
import { atMost, type Measure, measure } from '../measure.ts';
import { generate } from '../processes.ts';
import { type Bench, type Scenario, steadyLoad } from '../scenario.ts';

const RATE_PER_SECOND = 2_000;
const PART_SECONDS = 5;

/** The load comes in parts, for as long as the backup is made. @returns how long each event waited for its acknowledgement, ms */
async function part(relay: RelayProcess, bench: Bench): Promise<readonly number[]> {
  const report = await generate(steadyLoad(relay.hookUrl, RATE_PER_SECOND, bench.short ? 1 : PART_SECONDS));
  if (report.ok !== report.sent) throw new Error(`not all events were acknowledged: ${JSON.stringify(report.failed)}`);
  return report.samplesMs;
}

export const backup: Scenario = {
  name: 'backup',
  title: 'A backup of 1,000,000 events, made by the command, beside 2,000 events/s',
  async run(bench): Promise<Measure[]> {
    const relay = await startOverBacklog(bench);
    const file = join(relay.folder, 'backup.db');
    try {
      await part(relay, bench); // warm-up
      const before = percentiles([...(await part(relay, bench)), ...(await part(relay, bench))]);
      const startedAt = performance.now();
      const command = new ChildProgram([process.execPath, bench.relay.entry ?? '', 'backup', file, '--url', relay.adminUrl]);
      let seconds = 0;
      void command.exited.then(() => {
        seconds = (performance.now() - startedAt) / 1000;
      });
      const parts: (readonly number[])[] = [];
      while (command.exit === null) parts.push(await part(relay, bench));
      if (command.exit.code !== 0) throw new Error(`the backup failed:\n${command.lines.join('\n')}`);
      return [
        measure('time', seconds, 's'),
        measure('size', statSync(file).size / 2 ** 20, 'MiB'),
        measure('acknowledgement p99 before', before.p99, 'ms'),
        measure('acknowledgement p99 beside it', percentiles(parts.flat()).p99, 'ms', atMost(25)),
        measure('the same in the worst 5 s of it', Math.max(...parts.map((each) => percentiles([...each]).p99)), 'ms'),
      ];
    } finally {
      await relay.stop();
      rmSync(file, { force: true });
      await bench.receiver.forget();
    }
  },
};
