import { randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Command } from 'commander';
import type { CopyReport } from '../store/sqlite/restore.ts';
import { unknownHere, unreadable } from './admin-address.ts';
import { CommandError } from './command-error.ts';
import { configFile } from './config-file.ts';
import { connect } from './connect.ts';
import type { CommandContext } from './context.ts';
import { type AdminOptions, addAdminOptions } from './options.ts';
import { printJson } from './print.ts';
import { progressBar } from './progress.ts';
import { byteSize, relativeTime } from './text.ts';

const BACKUP_EXAMPLES = `
The relay goes on meanwhile. Everything that it had acknowledged when the backup began is in it, secrets that it learned too:
keep the file as you keep the database.

Examples:
  hookbay backup hookbay-monday.db
  hookbay backup /backups/hookbay.db --url https://relay.internal:8081`;

const RESTORE_EXAMPLES = `
The relay must not run, and nothing must be in the place of its database: move the old data folder away first.
Deliveries that were pending in the backup are made again after the start: targets know them by webhook-id or hookbay-event-id.

Examples:
  hookbay restore hookbay-monday.db --config config.yaml`;

export function addBackup(program: Command, context: CommandContext): void {
  const command = program
    .command('backup')
    .description('copy the database of a running relay into a file')
    .argument('<file>', 'the file to write; must not exist');
  addAdminOptions(command)
    .addHelpText('after', BACKUP_EXAMPLES)
    .action(async (name: string, options: AdminOptions) => {
      context.yieldProcessor(); // looking through the copy is work, and the relay may be on this machine
      const file = resolve(context.cwd, name);
      const admin = await connect(context, options);
      const part = `${file}.${randomBytes(4).toString('hex')}.part`; // another may be written into the same folder
      await mustBeFree(file);
      const report = await fetched(context, part, (write) => admin.download('POST', '/backup', write));
      await named(part, file);
      if (options.json) printJson(context, { file, ...shown(report) });
      else context.stdout.write(`${file}: ${words(report)}\n`);
    });
}

/** @throws CommandError 2 */
async function mustBeFree(file: string): Promise<void> {
  const handle = await open(file, 'r').catch(() => null);
  if (handle === null) return;
  await handle.close();
  const hint = 'Give another name, or move it away.';
  throw new CommandError({ exitCode: 2, code: 'file_exists', message: `${file} is there already.`, hint });
}

/** Gives a whole copy its name, which may have been taken meanwhile. */
async function named(part: string, file: string): Promise<void> {
  try {
    await mustBeFree(file);
    await rename(part, file);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
  const { synchronise } = await import('../store/sqlite/restore.ts');
  synchronise(dirname(file));
}

/** The relay may be on this disk: what piles up in memory would go there at once, and its commits would wait. */
const SYNC_EVERY_BYTES = 1024 * 1024;

type Write = (piece: Uint8Array, done: number, total: number) => Promise<void>;

/** Fetches into the file, makes sure that it is on disk and whole; otherwise it is removed. */
async function fetched(context: CommandContext, part: string, fetch: (write: Write) => Promise<void>): Promise<CopyReport> {
  const bar = progressBar(context.stderr, byteSize);
  try {
    const handle = await open(part, 'wx', 0o600);
    try {
      let unsynced = 0;
      await fetch(async (piece, done, total) => {
        await handle.writeFile(piece);
        unsynced += piece.length;
        if (unsynced >= SYNC_EVERY_BYTES) {
          unsynced = 0;
          await handle.datasync();
        }
        bar.show(done, total);
      });
      await handle.sync();
    } finally {
      await handle.close();
    }
    const { inspectCopy } = await import('../store/sqlite/restore.ts');
    return inspectCopy(part);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  } finally {
    bar.end();
  }
}

interface RestoreOptions {
  config?: string;
  json?: boolean;
}

export function addRestore(program: Command, context: CommandContext): void {
  program
    .command('restore')
    .description('put a backup in the place of a database that is gone')
    .argument('<file>', 'a file that `hookbay backup` wrote')
    .option('-c, --config <file>', 'the configuration whose storage.url is filled (default: HOOKBAY_CONFIG, then ./config.yaml)')
    .option('--json', 'print the result as JSON, for programs')
    .addHelpText('after', RESTORE_EXAMPLES)
    .action(async (name: string, options: RestoreOptions) => {
      const database = await databaseOf(context, options.config);
      const { restoreCopy } = await import('../store/sqlite/restore.ts');
      const report = restoreCopy(resolve(context.cwd, name), database);
      if (options.json) return printJson(context, { database, ...shown(report) });
      context.stdout.write(`${database}: ${words(report)}\n`);
      if (report.pending > 0) context.stdout.write('They are delivered as soon as the relay starts, some perhaps once more.\n');
    });
}

/** Neither secrets nor the rest of the file are needed: a restore is often made on another machine. */
async function databaseOf(context: CommandContext, named: string | undefined): Promise<string> {
  const file = configFile(context, named);
  if (file === null) {
    const hint = 'Its storage.url says where the database belongs: give it with --config.';
    throw new CommandError({ exitCode: 2, code: 'config_missing', message: 'No configuration file was found.', hint });
  }
  const { readDatabase } = await import('../config/addresses.ts');
  const database = readDatabase(file, context.env);
  if (database === null) throw unreadable(file);
  if (database.kind === 'unknown') throw unknownHere(file, 'storage.url', database.why, 'Set it as it is for the relay.');
  return database.value;
}

const shown = ({ newestAt, ...report }: CopyReport): object => ({
  ...report,
  newestAt: newestAt === null ? null : new Date(newestAt).toISOString(),
});

function words({ events, newestAt, pending }: CopyReport): string {
  const newest = newestAt === null ? '' : `, the newest from ${relativeTime(new Date(newestAt).toISOString(), Date.now())}`;
  const waiting = pending === 0 ? '' : `; ${pending} ${pending === 1 ? 'delivery is' : 'deliveries are'} pending`;
  return `${events} ${events === 1 ? 'event' : 'events'}${newest}${waiting}. Checked, and whole.`;
}
