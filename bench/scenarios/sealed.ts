import { randomBytes } from 'node:crypto';
import { RelayProcess } from '../../test/support/relay-process.ts';
import { atLeast, type Measure, measure } from '../measure.ts';
import type { Bench, Scenario, Throughput } from '../scenario.ts';
import { throughput } from './ack.ts';

const PLAIN = { url: 'sqlite:./data/hookbay.db', minFree: '1MiB' };

async function acknowledged(bench: Bench, storage: Record<string, unknown>): Promise<Throughput> {
  const relay = await RelayProcess.start({ ...bench.relay, target: bench.receiver.url, config: { storage } });
  try {
    await relay.admin.post('/api/v1/targets/app/pause');
    return await throughput(relay.hookUrl, relay.program, bench);
  } finally {
    await relay.remove();
  }
}

export const sealed: Scenario = {
  name: 'sealed',
  title: 'What encryption at rest costs: acknowledged with it and without, 256 connections',
  async run(bench): Promise<Measure[]> {
    const clear = await acknowledged(bench, PLAIN);
    const keys = [{ id: 'k1', key: randomBytes(32).toString('base64') }];
    const encrypted = await acknowledged(bench, { ...PLAIN, encryption: { keys } });
    return [
      measure('encrypted', encrypted.perSecond, '/s'),
      measure('in the clear', clear.perSecond, '/s'),
      measure('ratio', encrypted.perSecond / clear.perSecond, '', atLeast(0.85)),
      measure('processor time per event, encrypted', encrypted.cpuMicroseconds, 'us'),
      measure('processor time per event, in the clear', clear.cpuMicroseconds, 'us'),
    ];
  },
};
