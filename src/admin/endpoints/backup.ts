import { type Answer, type Endpoint, endpoint } from '../endpoint.ts';
import type { Backup } from '../ports.ts';

export const backupEndpoints: readonly Endpoint[] = [
  endpoint({
    method: 'post',
    path: '/api/v1/backup',
    summary: 'A consistent copy of the database: everything that was acknowledged before is in it',
    access: 'token',
    answers: { 200: { description: 'The file', contentType: 'application/vnd.sqlite3' } },
    problems: [409, 503, 507],
    handle: async ({ ports, now, left }) => download(await ports.backups.make(left), now()),
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
    pieces: () => backup.read(),
    unread: () => backup.discard(),
  };
}
