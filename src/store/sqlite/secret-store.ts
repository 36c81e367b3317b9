import { HookbayError } from '../../domain/errors.ts';
import type { GroupCommit } from './group-commit.ts';
import type { LearnedRow } from './learned.ts';
import type { Command } from './protocol.ts';

/** Keeps the secrets that senders hand over. Each call resolves once it is on disk, and rejects when it is not. */
export interface SecretStore {
  /** What an earlier run learned, oldest first. */
  readonly learned: readonly LearnedRow[];
  learn(row: LearnedRow): Promise<void>;
  /** Removes all of a route. */
  forget(route: string): Promise<void>;
}

export function secretStore(commits: GroupCommit, learned: readonly LearnedRow[]): SecretStore {
  const run = async (command: Command): Promise<void> => {
    const result = await commits.command(command);
    // Not SQLite's own message: it could repeat what was to be stored.
    if (result.kind !== 'ok')
      throw new HookbayError({ code: 'not_stored', status: 503, message: 'The secret could not be stored' });
  };
  return { learned, learn: (row) => run({ kind: 'learn', row }), forget: (route) => run({ kind: 'forget', route }) };
}
