import { atLeast, type Measure, measure } from '../measure.ts';
import type { Scenario } from '../scenario.ts';
import { relayed } from './relay.ts';

const KEYS = 10_000;

export const ordering: Scenario = {
  name: 'ordering',
  title: `Relayed in order by ${KEYS} keys at random, and without order, 256 connections`,
  async run(bench): Promise<Measure[]> {
    const events = bench.short ? 3_000 : 60_000;
    const plain = await relayed(bench, events, {}, KEYS);
    const ordered = await relayed(bench, events, { ordering: 'body:payload.marker' }, KEYS);
    return [
      measure('in order', ordered.perSecond, '/s'),
      measure('without order', plain.perSecond, '/s'),
      measure('ratio', ordered.perSecond / plain.perSecond, '', atLeast(0.8)),
      measure('processor time per event, in order', ordered.cpuMicroseconds, 'us'),
      measure('processor time per event, without order', plain.cpuMicroseconds, 'us'),
    ];
  },
};
