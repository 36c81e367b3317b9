import { Worker } from 'node:worker_threads';

/**
 * Starts a worker thread from a file of this folder, as source or as compiled.
 * @param name file name without its extension
 */
export function startThread(name: string, workerData: object, maxOldGenerationSizeMb: number): Worker {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return new Worker(new URL(`./${name}.${extension}`, import.meta.url), {
    workerData,
    resourceLimits: { maxOldGenerationSizeMb },
  });
}
