import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import fc from 'fast-check';
import { DirectDriver, type Driver } from './model-drivers.ts';
import { ModelRun } from './model-run.ts';
import { anyLife } from './model-steps.ts';

export interface ModelOptions {
  runs: number;
  seed?: number;
  /** Where to begin in that seed, as a failure prints it. */
  path?: string;
  open?: () => Driver | Promise<Driver>;
  onRun?: () => void;
}

/** @throws Error with the shortest failing life, its seed and its path */
export async function holdAgainstModel({
  runs,
  seed,
  path,
  open = () => new DirectDriver(),
  onRun,
}: ModelOptions): Promise<void> {
  const property = fc.asyncProperty(anyLife, async (steps) => {
    const driver = await open();
    try {
      await new ModelRun(driver).live(steps);
    } finally {
      await driver.remove();
    }
    onRun?.();
  });
  await fc.assert(property, { numRuns: runs, ...(seed === undefined ? {} : { seed }), ...(path === undefined ? {} : { path }) });
}

// The long form: node test/fault/model.ts [--runs 10000] [--seed N] [--path P]
if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { values } = parseArgs({
    options: { runs: { type: 'string', default: '10000' }, seed: { type: 'string' }, path: { type: 'string' } },
  });
  const seed = values.seed === undefined ? Date.now() % 2 ** 31 : Number(values.seed);
  console.log(`${values.runs} sequences, seed ${seed}`);
  let done = 0;
  const onRun = (): void => {
    done += 1;
    if (done % 100 === 0) process.stderr.write(`\r${done}`);
  };
  await holdAgainstModel({ runs: Number(values.runs), seed, onRun, ...(values.path === undefined ? {} : { path: values.path }) });
  process.stderr.write('\n');
  console.log('the store did in every one what the model did');
}
