import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { SHIPPED_FLAGS } from '../test/support/shipped-flags.ts';
import { Backlog } from './backlog-store.ts';
import { summarise } from './measure.ts';
import { Receiver } from './processes.ts';
import { report, type Section } from './report.ts';
import type { Bench, Scenario } from './scenario.ts';
import { ack } from './scenarios/ack.ts';
import { backup } from './scenarios/backup.ts';
import { drain } from './scenarios/drain.ts';
import { flood } from './scenarios/flood.ts';
import { latency, latencyStored } from './scenarios/latency.ts';
import { flapping, neighbours } from './scenarios/neighbours.ts';
import { ordering } from './scenarios/ordering.ts';
import { places } from './scenarios/places.ts';
import { relay } from './scenarios/relay.ts';
import { sealed } from './scenarios/sealed.ts';
import { start } from './scenarios/start.ts';
import { verify } from './scenarios/verify.ts';

const SCENARIOS: readonly Scenario[] = [
  ack,
  relay,
  ordering,
  latency,
  latencyStored,
  start,
  places,
  verify,
  sealed,
  flood,
  neighbours,
  flapping,
  drain,
  backup,
];
const RESULTS = new URL('RESULTS.md', import.meta.url);
const USAGE = `node bench/run.ts [${SCENARIOS.map(({ name }) => name).join('|')} ...] [--short] [--runs N] [--entry src/main.ts] [--print]
  All scenarios, median of three, into bench/RESULTS.md. --print, --short or a choice of scenarios only print.`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    short: { type: 'boolean', default: false },
    print: { type: 'boolean', default: false },
    runs: { type: 'string' },
    entry: { type: 'string', default: 'dist/main.js' },
    help: { type: 'boolean', default: false },
  },
});

async function measureAll(scenarios: readonly Scenario[], runs: number, bench: Bench): Promise<Section[]> {
  const sections: Section[] = [];
  for (const scenario of scenarios) {
    const measured = [];
    for (let run = 1; run <= runs; run += 1) {
      console.error(`${scenario.name}, run ${run} of ${runs}`);
      measured.push(await scenario.run(bench));
    }
    sections.push({ scenario, summaries: summarise(measured) });
  }
  return sections;
}

async function main(): Promise<void> {
  const chosen = SCENARIOS.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
  const unknown = positionals.filter((name) => !SCENARIOS.some((scenario) => scenario.name === name));
  if (values.help || unknown.length > 0) {
    console.error(USAGE);
    process.exitCode = values.help ? 0 : 2;
    return;
  }
  const runs = Number(values.runs ?? (values.short ? 1 : 3));
  const receiver = await Receiver.start();
  const entry = { entry: values.entry, nodeFlags: SHIPPED_FLAGS };
  const backlog = new Backlog(values.short ? 5_000 : 1_000_000, receiver.url, entry);
  try {
    const sections = await measureAll(chosen, runs, { short: values.short, relay: entry, receiver, backlog });
    const command = ['node bench/run.ts', ...process.argv.slice(2)].join(' ');
    const text = report(sections, command, new Date());
    const isWhole = chosen.length === SCENARIOS.length && !values.short && !values.print;
    if (isWhole) writeFileSync(RESULTS, text);
    console.log(text);
  } finally {
    await backlog.remove();
    await receiver.stop();
  }
}

await main();
