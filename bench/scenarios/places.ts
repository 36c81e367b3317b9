import { isRecord } from '../../test/support/admin-client.ts';
import type { RelayProcess } from '../../test/support/relay-process.ts';
import { BACKLOG_TARGET, startOverBacklog } from '../backlog-store.ts';
import { atMost, type Measure, measure } from '../measure.ts';
import type { Scenario } from '../scenario.ts';

const TIMES = 20;
const LIST = 'events?limit=100&maxMs=50';
/** What the page asks for when somebody goes to a place or changes a filter, `ID` being one of the events. */
const ASKED = [
  LIST,
  `${LIST}&route=knowledgesdk`,
  `${LIST}&type=SCRAPE_COMPLETED`,
  `${LIST}&status=pending`,
  `${LIST}&status=dead`,
  `${LIST}&status=delivered`,
  `${LIST}&q=bench-`,
  `${LIST}&q=in-none-of-them`,
  `${LIST}&to=2020-01-01`,
  'events/ID',
  'events/ID/body',
  'deliveries?status=dead&limit=200',
  'targets',
  `targets/${BACKLOG_TARGET}`,
  'routes',
  'stats?window=1h&step=30s',
  'rejections?limit=100',
  'tasks?limit=100',
  'config',
];

export const places: Scenario = {
  name: 'places',
  title: 'What the page asks for with 1,000,000 events stored',
  async run(bench): Promise<Measure[]> {
    const relay = await startOverBacklog(bench);
    try {
      const newest = await relay.admin.get('/api/v1/events?limit=1');
      const id = isRecord(newest) && Array.isArray(newest.data) ? String(newest.data[0]?.id) : '';
      const took = new Map<string, number[]>();
      for (let time = 0; time < TIMES; time += 1) {
        for (const asked of ASKED) {
          const began = performance.now();
          await relay.admin.get(`/api/v1/${asked.replace('ID', id)}`);
          took.set(asked, [...(took.get(asked) ?? []), performance.now() - began]);
        }
      }
      const began = performance.now();
      await searchThrough(relay);
      const searched = (performance.now() - began) / 1000;
      const slowest = [...took].map(([asked, ms]) => ({ asked, worst: Math.max(...ms) })).sort((a, b) => b.worst - a.worst);
      const [first] = slowest;
      console.error(slowest.map(({ asked, worst }) => `${worst.toFixed(1)} ms ${asked}`).join('\n'));
      return [
        measure(`the slowest of ${TIMES} times ${ASKED.length} answers`, first?.worst ?? Number.NaN, 'ms', atMost(100)),
        measure('all steps of a search for a text that none has', searched, 's'),
      ];
    } finally {
      await relay.stop();
    }
  },
};

/** As the page does it: step by step, each short. */
async function searchThrough(relay: RelayProcess): Promise<void> {
  let cursor: unknown = '';
  while (typeof cursor === 'string') {
    const page = await relay.admin.get(`/api/v1/${LIST}&q=in-none-of-them${cursor === '' ? '' : `&cursor=${cursor}`}`);
    cursor = isRecord(page) ? page.nextCursor : null;
  }
}
