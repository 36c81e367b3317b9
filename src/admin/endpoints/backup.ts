import { type FileHandle, open } from 'node:fs/promises';
import { type Answer, type Endpoint, endpoint } from '../endpoint.ts';
import type { Backup } from '../ports.ts';

export const backupEndpoints: readonly Endpoint[] = [
  endpoint({
    method: 'post',
    path: '/api/v1/backup',
    summary: 'A consistent copy of the database: everything that was acknowledged before is in it',
    access: 'token',
    answers: { 200: { description: 'The file', contentType: 'application/vnd.sqlite3' } },
    problems: [409, 503],
    handle: async ({ ports, now }) => download(await ports.backups.make(), now()),
  }),
];

function download(backup: Backup, now: number): Answer {
  const name = `hookbay-${new Date(now).toISOString().replaceAll(/[:.]/g, '-')}.db`;
  return {
    kind: 'stream',
    status: 200,
    headers: {
      'content-type': 'application/vnd.sqlite3',
      'content-length': String(backup.size),
      'content-disposition': `attachment; filename="${name}"`,
    },
    pieces: () => contentOf(backup),
  };
}

/** How much is given back to the file system at once: commits wait for the disk while it frees what a large file held. */
const FREED_BYTES = 16 * 1024 * 1024;

/** The file loses its name as soon as it is open: whatever becomes of the answer, nothing is left behind. */
async function* contentOf({ path, size, remove }: Backup): AsyncGenerator<Buffer> {
  const file = await open(path, 'r+');
  remove();
  try {
    yield* file.createReadStream({ autoClose: false }) as AsyncIterable<Buffer>;
  } finally {
    await freed(file, size);
  }
}

async function freed(file: FileHandle, size: number): Promise<void> {
  try {
    for (let left = size - FREED_BYTES; left > 0; left -= FREED_BYTES) await file.truncate(left);
  } finally {
    await file.close();
  }
}
