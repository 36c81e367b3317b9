import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Database } from 'better-sqlite3';
import type { NewEvent } from '../../src/domain/event.ts';
import { openWriter } from '../../src/store/sqlite/connection.ts';
import { renderHead } from '../../src/store/sqlite/head.ts';
import { migrate } from '../../src/store/sqlite/migrate.ts';
import type { AppendDelivery, Batch, BatchResult, Command, CommandResult } from '../../src/store/sqlite/protocol.ts';
import { Writer } from '../../src/store/sqlite/writer.ts';

export interface Append {
  event: NewEvent;
  deliveries: readonly AppendDelivery[];
}

export type Work = Partial<Pick<Batch, 'settles' | 'releases' | 'commands'>> & { appends?: readonly Append[]; now: number };

export type Committed = BatchResult & { kind: 'committed' };

/** The writer over a real file, without its thread: what the thread runs, at the speed of a call. */
export interface BareWriter {
  db: Database;
  file: string;
  run(work: Work): BatchResult;
  /** @throws Error when it is not committed */
  commit(work: Work): Committed;
  command(command: Command, now: number): CommandResult;
  close(): void;
  /** Closes and removes the folder. */
  remove(): void;
}

/**
 * @param folder where the database lies or is made
 * @param leaseMs what the leases of a batch may take; without a limit, so that what one gives does not depend on how slow the machine is
 */
export function openBareWriter(
  folder = mkdtempSync(join(tmpdir(), 'hookbay-writer-')),
  leaseMs = Number.POSITIVE_INFINITY,
): BareWriter {
  const file = join(folder, 'hookbay.db');
  const db = openWriter(file);
  migrate(db, file);
  const writer = new Writer(db, undefined, leaseMs);
  const run = (work: Work): BatchResult => writer.run(batchOf(work));
  const commit = (work: Work): Committed => {
    const result = run(work);
    if (result.kind !== 'committed') throw new Error(`not committed: ${JSON.stringify(result)}`);
    return result;
  };
  return {
    db,
    file,
    run,
    commit,
    command: (command, now) => {
      const [result] = commit({ commands: [command], now }).commands;
      if (result === undefined) throw new Error(`no answer to ${command.kind}`);
      return result;
    },
    close: () => void db.close(),
    remove: () => {
      db.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** As the main thread sends it. */
export function batchOf({ appends = [], settles = [], releases = [], commands = [], now }: Work): Batch {
  const parts: Buffer[] = [];
  const rows = appends.map(({ event, deliveries }) => {
    const head = Buffer.from(renderHead(event), 'utf8');
    parts.push(head, event.body);
    return {
      ...{ receivedAt: event.receivedAt, route: event.route, type: event.type, deliveries: [...deliveries] },
      ...{ dedupKey: event.dedup?.key ?? null, dedupWindowMs: event.dedup?.windowMs ?? 0 },
      ...{ headLength: head.length, bodyLength: event.body.length },
    };
  });
  const all = new Uint8Array(Buffer.concat(parts));
  return { kind: 'batch', appends: rows, bytes: all.buffer, settles, releases, commands, now };
}
