import { HookbayError } from '../../domain/errors.ts';
import type { GroupCommit } from './group-commit.ts';
import type { OpenBreakerRow } from './target-states.ts';

/** Keeps open breakers over a restart. */
export interface BreakerStore {
  /** What an earlier run left, by target. */
  readonly saved: ReadonlyMap<string, OpenBreakerRow>;
  /** Null: it is closed. Resolves once that is on disk. @throws HookbayError when it cannot be stored */
  keep(target: string, breaker: OpenBreakerRow | null): Promise<void>;
}

export function breakerStore(commits: GroupCommit, saved: readonly (readonly [string, OpenBreakerRow])[]): BreakerStore {
  return {
    saved: new Map(saved),
    async keep(target, breaker) {
      const result = await commits.command({ kind: 'breaker', target, breaker });
      if (result.kind === 'failed') throw new HookbayError({ code: result.code, status: 500, message: result.message });
    },
  };
}
