import { setFlagsFromString } from 'node:v8';
import { Worker } from 'node:worker_threads';

/**
 * MiB of each half of a thread's young generation. What a thread makes is dead with its batch or read, so more room only
 * makes it larger: 16, which the main thread needs, made the writer 25 MiB larger and nothing faster.
 */
const YOUNG_MIB = 2;

/**
 * Starts a worker thread from a file of this folder, as source or as compiled.
 * @param name file name without its extension
 */
export function startThread(name: string, workerData: object, maxOldGenerationSizeMb: number): Worker {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  // The flag that the process was started with goes before a worker's resourceLimits, and is read when a heap is made.
  setFlagsFromString(`--max-semi-space-size=${YOUNG_MIB}`);
  return new Worker(new URL(`./${name}.${extension}`, import.meta.url), {
    workerData,
    resourceLimits: { maxOldGenerationSizeMb },
  });
}
