import { defineConfig } from 'vitest/config';

/** Fault tests kill processes and measure time, so they have the machine to themselves; then the browser. */
const kinds = [
  { name: 'unit', group: 0, alone: false, timeout: 10_000 },
  { name: 'contract', group: 0, alone: false, timeout: 20_000 },
  { name: 'integration', group: 1, alone: false, timeout: 30_000 },
  { name: 'fault', group: 2, alone: true, timeout: 120_000 },
  { name: 'browser', group: 3, alone: true, timeout: 60_000 },
];

export default defineConfig({
  test: {
    projects: kinds.map(({ name, group, alone, timeout }) => ({
      test: {
        name,
        include: [`test/${name}/**/*.test.ts`],
        pool: 'forks',
        testTimeout: timeout,
        hookTimeout: timeout,
        sequence: { groupOrder: group },
        ...(alone ? { fileParallelism: false } : {}),
      },
    })),
  },
});
