import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ExportFiles } from '../../src/admin/export-files.ts';
import { type ExportOptions, ExportStore } from '../../src/admin/exports.ts';
import { exportFolderOf } from '../../src/admin/tasks.ts';
import type { Logger } from '../../src/domain/logger.ts';
import { redaction } from '../../src/domain/redaction.ts';
import type { TestStore } from './store.ts';

const quiet = (): void => undefined;
export const QUIET: Logger = { debug: quiet, info: quiet, warn: quiet, error: quiet };

/** Exports over a real store, with their files beside it. */
export function exportsOf({ store, file, clock }: TestStore, changes: Partial<ExportOptions> = {}): ExportStore {
  return new ExportStore({
    work: store.tasks,
    files: new ExportFiles(exportFolderOf(file)),
    minFree: 0,
    maskOf: () => redaction({ headers: [], body: [] }),
    clock,
    logger: QUIET,
    ...changes,
  });
}

/** Where the lines of an export are. */
export const exportFileOf = ({ file }: TestStore, id: string): string => join(exportFolderOf(file), `${id}.ndjson`);

/** @throws Error when the file does not end with a whole line */
export function linesOf(path: string): { id: string; body?: string; bodyBase64?: string; deliveries: { target: string }[] }[] {
  const text = readFileSync(path, 'utf8');
  if (text !== '' && !text.endsWith('\n')) throw new Error(`${path} ends within a line`);
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

/** Takes steps until the export has ended. */
export async function carryOut(exports: ExportStore, id: string, limit = 100): Promise<void> {
  await exports.materialise(id);
  for (let steps = 0; !(await exports.step(id, limit)).finished; steps += 1) {
    if (steps > 1000) throw new Error('the export does not end');
  }
}
