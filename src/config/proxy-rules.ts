import type { Path } from './fault.ts';
import { type TreeFault, valueAt } from './tree.ts';

/** Whether the target at this place is named as the one that answers; a placeholder fills in text. */
function isAnswering(file: unknown, entry: Path): boolean {
  const answers = valueAt(file, [...entry, 'answers']);
  return answers === true || answers === 'true';
}

/** What means nothing without `mode: proxy`: somebody who writes it expects answers that would not come. */
function strayKeys(file: unknown, path: Path, entries: readonly Path[]): TreeFault[] {
  const places: Path[] = [[...path, 'deadline'], ...entries.map((entry) => [...entry, 'answers'])];
  return places
    .filter((at) => valueAt(file, at) !== undefined)
    .map((at) => ({
      path: at,
      code: 'only_in_proxy_mode',
      message: `${at.at(-1)} means something in proxy mode only, and this route is in queue mode`,
      expected: 'mode: proxy beside it; or the route without it',
    }));
}

/** Proxy mode: exactly one target answers. @param entries where the targets of the route stand */
export function proxyRules(file: unknown, path: Path, entries: readonly Path[]): TreeFault[] {
  const mode = valueAt(file, [...path, 'mode']);
  if (mode !== 'proxy') return mode === undefined || mode === 'queue' ? strayKeys(file, path, entries) : [];
  const answering = entries.filter((entry) => isAnswering(file, entry));
  const [, second] = answering;
  if (second !== undefined) {
    const message = 'a second target of this route answers';
    return [{ path: [...second, 'answers'], code: 'repeated', message, expected: '`answers: true` at one target only' }];
  }
  if (answering.length === 1 || entries.length < 2) return [];
  return [
    {
      path: [...path, 'deliver'],
      code: 'no_answering_target',
      message: 'in proxy mode one target answers the sender, and it is not said which of these',
      expected: 'one entry with `answers: true`, for example { target: app, answers: true }',
    },
  ];
}
