import { attemptsWithin } from '../domain/retry-plan.ts';
import { MOST_ATTEMPTS } from '../domain/retry-policy.ts';
import { formatStatusRule, matchesStatus, type StatusRule, statusesWhere } from '../domain/status-rules.ts';
import type { Path } from './fault.ts';
import { type FileRetry, resolveRetry } from './resolve-retry.ts';
import { fileSchema } from './schema.ts';
import { type TreeFault, valueAt } from './tree.ts';

const LISTS = ['retryOn', 'deadOn', 'pauseOn'] as const;

/** One setting as its schema reads it, with its default; undefined when it is wrong by itself, or left out and without one. */
type Read = <Key extends keyof FileRetry>(key: Key) => FileRetry[Key] | undefined;

function contradiction(path: Path, message: string, expected: string): TreeFault {
  return { path, code: 'contradiction', message, expected };
}

/** A list of waits leaves nothing to compute, and waits that grow by addition have no factor. */
function scheduleFaults(file: unknown, path: Path, read: Read): TreeFault[] {
  const isWritten = (key: string): boolean => valueAt(file, [...path, key]) !== undefined;
  if (isWritten('delays')) {
    return ['backoff', 'initial', 'factor', 'max']
      .filter(isWritten)
      .map((key) =>
        contradiction([...path, key], `\`delays\` writes out every wait, so \`${key}\` has no meaning`, 'one of the two'),
      );
  }
  const faults: TreeFault[] = [];
  if (read('backoff') === 'linear' && isWritten('factor')) {
    const expected = 'backoff: exponential, or no `factor`';
    faults.push(contradiction([...path, 'factor'], 'waits that grow linearly have no factor', expected));
  }
  const [initial, max] = [read('initial'), read('max')];
  if (initial !== undefined && max !== undefined && initial > max) {
    const expected = 'initial (5s by default) at most max (6h by default)';
    faults.push(contradiction(path, 'the first wait is longer than the longest', expected));
  }
  return faults;
}

function budgetFaults(path: Path, read: Read): TreeFault[] {
  const [attempts, delays] = [read('attempts'), read('delays')];
  if (attempts === undefined || delays === undefined || attempts > delays.length) return [];
  const message = `${delays.length} delays are more than ${attempts} attempts have use for`;
  return [contradiction([...path, 'attempts'], message, `at least ${delays.length + 1}, or fewer delays`)];
}

/** A duration alone sets no limit to the attempts, so the waits must. */
function durationFaults(retry: FileRetry, path: Path): TreeFault[] {
  const policy = resolveRetry(retry);
  if (policy.attempts !== null || attemptsWithin(policy) <= MOST_ATTEMPTS) return [];
  const message = `with these waits it takes more than ${MOST_ATTEMPTS} attempts to fill this duration`;
  return [contradiction([...path, 'duration'], message, 'longer waits, a shorter duration, or `attempts` beside it')];
}

function statusFaults(path: Path, read: Read): TreeFault[] {
  const covered = new Map(LISTS.map((key) => [key, read(key)]));
  const faults: TreeFault[] = [];
  for (const [key, rules] of covered) {
    if (rules !== undefined && rules.length > 0 && statusesWhere((status) => matchesStatus(rules, status)).length === 0) {
      faults.push(contradiction([...path, key], 'these rules take out every status that they name', 'at least one status left'));
    }
  }
  const [dead, pausing] = [covered.get('deadOn'), covered.get('pauseOn')];
  const both = dead === undefined || pausing === undefined ? undefined : overlap(dead, pausing);
  if (both === undefined) return faults;
  const message = `${both} is in deadOn too: its delivery cannot both be dead and wait for the target`;
  return [...faults, contradiction([...path, 'pauseOn'], message, 'each status in one of the two')];
}

/** The first status that both match, as a rule is written. */
function overlap(one: readonly StatusRule[], other: readonly StatusRule[]): string | undefined {
  const [from] = statusesWhere((status) => matchesStatus(one, status) && matchesStatus(other, status));
  return from === undefined ? undefined : formatStatusRule({ from, to: from, not: false });
}

/** What contradicts itself in the retries of targets. @param targets names under `targets` */
export function retryRules(file: unknown, targets: readonly string[]): TreeFault[] {
  const schema = fileSchema.shape.targets.unwrap().valueType.shape.retry.unwrap();
  return targets.flatMap((name) => {
    const path: Path = ['targets', name, 'retry'];
    const read: Read = (key) => {
      const result = schema.shape[key].safeParse(valueAt(file, [...path, key]));
      return result.success ? (result.data as FileRetry[typeof key]) : undefined;
    };
    const faults = [...scheduleFaults(file, path, read), ...budgetFaults(path, read), ...statusFaults(path, read)];
    const whole = schema.safeParse(valueAt(file, path));
    return faults.length > 0 || !whole.success ? faults : durationFaults(whole.data, path);
  });
}
