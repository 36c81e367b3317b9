import { renameSync, rmSync } from 'node:fs';
import type { Database } from 'better-sqlite3';
import { HookbayError } from '../../domain/errors.ts';
import { MIGRATIONS } from './migrations/index.ts';

/**
 * Brings the database to the newest schema, one transaction a migration. A database that holds data is
 * copied to `FILE.before-vN` first.
 * @returns the path of that copy, or null
 * @throws HookbayError `database_too_new` when a newer program has written it
 */
export function migrate(db: Database, file: string, migrations: readonly string[] = MIGRATIONS): string | null {
  const version = Number(db.pragma('user_version', { simple: true }));
  if (version > migrations.length) {
    throw new HookbayError({
      code: 'database_too_new',
      status: 500,
      message: `${file} has schema ${version}; this program knows schemas up to ${migrations.length}`,
      hint: 'Start the newer Hookbay that wrote it, or restore a backup made before the upgrade.',
    });
  }
  if (version === migrations.length) return null;
  const copy = version > 0 ? `${file}.before-v${migrations.length}` : null;
  if (copy !== null) copyTo(db, copy);
  migrations.slice(version).forEach((sql, index) => {
    db.transaction(() => {
      db.exec(sql);
      db.pragma(`user_version = ${version + index + 1}`);
    }).immediate();
  });
  return copy;
}

/** Under another name until it is whole: a copy that was cut short must not stand in the way of the next try. */
function copyTo(db: Database, copy: string): void {
  const part = `${copy}.part`;
  rmSync(part, { force: true });
  db.prepare('VACUUM INTO ?').run(part);
  renameSync(part, copy);
}
