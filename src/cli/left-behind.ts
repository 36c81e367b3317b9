import type { StatsItem, TargetItem } from './admin-types.ts';

/** A target that the configuration no longer has, while deliveries to it are stored. */
export interface LeftBehind {
  target: string;
  /** Held, or about to be: what is pending at a reload is held within moments. */
  waiting: number;
  dead: number;
}

export function leftBehind(
  { targets }: Pick<StatsItem, 'targets'>,
  configured: readonly Pick<TargetItem, 'name'>[],
): LeftBehind[] {
  const names = new Set(configured.map(({ name }) => name));
  return targets.flatMap(({ target, counts }) => {
    const { pending = 0, held = 0, dead = 0 } = counts;
    return names.has(target) || pending + held + dead === 0 ? [] : [{ target, waiting: pending + held, dead }];
  });
}
