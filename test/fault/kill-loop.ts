import { parseArgs } from 'node:util';
import { killLoop } from '../support/kill-loop.ts';

// The long form of the kill loop: node test/fault/kill-loop.ts [--rounds 100] [--clients 16] [--control] [--entry dist/main.js]
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '100' },
    clients: { type: 'string', default: '16' },
    control: { type: 'boolean', default: false },
    entry: { type: 'string' },
  },
});

const report = await killLoop({
  rounds: Number(values.rounds),
  clients: Number(values.clients),
  hasty: values.control,
  ...(values.entry === undefined ? {} : { entry: values.entry }),
  onRound: (round) => process.stderr.write(`\rround ${round} of ${values.rounds}`),
});
process.stderr.write('\n');
const { lost, phantom, duplicate, altered, ...rest } = report;
const faults = { lost: lost.length, phantom: phantom.length, duplicate: duplicate.length, altered: altered.length };
console.log({ ...faults, ...rest });
const isClean = Object.values(faults).every((count) => count === 0);
if (!isClean)
  console.log({
    lost: lost.slice(0, 5),
    phantom: phantom.slice(0, 5),
    duplicate: duplicate.slice(0, 5),
    altered: altered.slice(0, 5),
  });
// The control has to be caught: it fails when nothing is lost.
process.exitCode = isClean === values.control ? 1 : 0;
