import { defineConfig } from 'vitest/config';

/**
 * Integration and fault tests mostly wait, for processes, retries and deadlines, so there are more of them at once than
 * processors; the longest begin first. Browsers come last, two at once.
 */
const kinds = [
  { name: 'unit', group: 0, workers: undefined, timeout: 10_000 },
  { name: 'contract', group: 0, workers: undefined, timeout: 20_000 },
  { name: 'integration', group: 1, workers: 4, timeout: 40_000 },
  { name: 'fault', group: 1, workers: 4, timeout: 120_000 },
  { name: 'browser', group: 2, workers: 2, timeout: 60_000 },
];

export default defineConfig(({ mode }) => ({
  test: {
    projects: kinds.map(({ name, group, workers, timeout }) => ({
      test: {
        name,
        include: [`test/${name}/**/*.test.ts`],
        pool: 'forks',
        // The whole test command has just built what it starts as processes.
        ...(mode === 'built' ? { env: { HOOKBAY_ENTRY: 'dist/main.js' } } : {}),
        testTimeout: timeout,
        hookTimeout: timeout,
        sequence: { groupOrder: group },
        ...(workers === undefined ? {} : { maxWorkers: workers }),
      },
    })),
  },
}));
