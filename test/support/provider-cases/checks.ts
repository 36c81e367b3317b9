import { expect } from 'vitest';
import type { ReceivedRequest } from '../../../src/ingest/received.ts';
import { type RefusalReason, type VerificationRule, verify } from '../../../src/ingest/verify.ts';
import type { OutgoingRequest } from '../../../src/providers/draft.ts';
import { arrived, type NamedCase, NOW, ruleFor, signed } from './cases.ts';
import { applicable, reasonAgainst, type Which } from './credential-case.ts';
import { changeAt, doubled, textAt } from './places.ts';

/** What every credential has to stand. */
export interface Check {
  name: string;
  run: (each: NamedCase) => void;
  /** Why it says nothing about this credential, or null. Then `otherwise` shows that the reason is true. */
  reason?: (each: NamedCase) => string | null;
  otherwise?: (each: NamedCase) => void;
}

/** `verified`, or why not. */
export function verdictOf(request: ReceivedRequest, rule: VerificationRule): 'verified' | 'key_needed' | RefusalReason {
  const verdict = verify(request, rule);
  return verdict.kind === 'refused' ? verdict.reason : verdict.kind;
}

const judged = (each: NamedCase, request: OutgoingRequest, which: readonly Which[] = ['first']): string =>
  verdictOf(arrived(request), ruleFor(each, which));

const SECOND_MS = 1000;
const YEAR_MS = 365 * 86_400_000;

function atAge(each: NamedCase, ageMs: number): string {
  return judged(each, signed(each, 'first', NOW - ageMs));
}

/** Every byte in turn, with its lowest bit changed. */
function changedBodies({ body }: OutgoingRequest): Buffer[] {
  return [...body.keys()].map((at) => {
    const changed = Buffer.from(body);
    changed[at] = (body[at] ?? 0) ^ 1;
    return changed;
  });
}

const isTimed = (each: NamedCase): boolean => reasonAgainst(each.toleranceMs) === null;
const headersOf = ({ place, needs }: NamedCase): string[] => [place, ...needs.map((name) => `header:${name}`)];
const IN_BODY = 'it stands in a JSON body, of which only one reading is verified and taken';
const isInBody = ({ place }: NamedCase): boolean => place.startsWith('body:');

const AGES: readonly Check[] = (
  [
    ['one second within the tolerance, in the past', 1, -1, 'verified'],
    ['one second within the tolerance, in the future', -1, -1, 'verified'],
    ['a timestamp one second too old', 1, 1, 'too_old'],
    ['a timestamp one second too far in the future', -1, 1, 'from_the_future'],
  ] as const
).map(([name, direction, beyond, expected]) => ({
  name,
  reason: ({ toleranceMs }) => reasonAgainst(toleranceMs),
  run(each) {
    expect(atAge(each, direction * (applicable(each.toleranceMs) + beyond * SECOND_MS))).toBe(expected);
  },
  otherwise: (each) => expect(atAge(each, direction * YEAR_MS)).toBe('verified'),
}));

export const CHECKS: readonly Check[] = [
  {
    name: 'good',
    run: (each) => expect(judged(each, signed(each))).toBe('verified'),
  },
  {
    name: 'wrong secret',
    run: (each) => expect(judged(each, signed(each, 'stranger'))).toBe('no_match'),
  },
  {
    name: 'each secret of a rotation, and no other',
    run(each) {
      const verdicts = (['first', 'second', 'stranger'] as const).map((which) =>
        judged(each, signed(each, which), ['first', 'second']),
      );
      expect(verdicts).toEqual(['verified', 'verified', 'no_match']);
      expect(judged(each, signed(each, 'second'), ['first'])).not.toBe('verified');
    },
  },
  {
    name: 'signatures of two secrets in one request',
    reason: ({ merge }) => reasonAgainst(merge),
    run(each) {
      const merge = applicable(each.merge);
      const request = signed(each);
      const by = (which: Which): OutgoingRequest => each.sign(request, which, NOW);
      expect(judged(each, merge(by('stranger'), by('first')))).toBe('verified');
      expect(judged(each, merge(by('first'), by('stranger')))).toBe('verified');
      expect(judged(each, merge(by('stranger'), by('second')))).toBe('no_match');
    },
    otherwise: (each) => expect(judged(each, signed(each))).toBe('verified'),
  },
  ...AGES,
  {
    name: 'a changed body',
    reason: ({ covers }) => reasonAgainst(covers),
    run(each) {
      const covers = applicable(each.covers);
      const request = signed(each);
      const rule = ruleFor(each);
      if (covers === 'every byte') {
        for (const body of changedBodies(request)) expect(verdictOf(arrived({ ...request, body }), rule)).not.toBe('verified');
        return;
      }
      const change = (field: string) => changeAt(request, `body:${field}`, (text) => `${text}x`);
      for (const field of covers.fields) expect(verdictOf(arrived(change(field)), rule), field).not.toBe('verified');
      expect(verdictOf(arrived(change(covers.not)), rule)).toBe('verified');
    },
    otherwise(each) {
      const request = signed(each);
      if (isInBody(each)) {
        expect(
          judged(
            each,
            changeAt(request, 'body:added', () => 'anything'),
          ),
        ).toBe('verified');
      } else {
        expect(judged(each, { ...request, body: Buffer.from('anything') })).toBe('verified');
      }
    },
  },
  {
    name: 'missing',
    run(each) {
      const request = signed(each);
      expect(
        judged(
          each,
          changeAt(request, each.place, () => null),
        ),
      ).toBe('absent');
      for (const name of each.needs) {
        const verdict = judged(
          each,
          changeAt(request, `header:${name}`, () => null),
        );
        expect(['no_timestamp', 'incomplete'], name).toContain(verdict);
      }
    },
  },
  {
    name: 'truncated',
    run(each) {
      const request = signed(each);
      const { length } = textAt(request, each.place);
      for (const end of [length - 1, length - 2, length - 4, Math.ceil(length / 2), 1, 0]) {
        const verdict = judged(
          each,
          changeAt(request, each.place, (text) => text.slice(0, end)),
        );
        expect(['malformed', 'no_match', 'no_timestamp'], `${end} of ${length}`).toContain(verdict);
      }
    },
  },
  {
    name: 'longer',
    run(each) {
      for (const more of ['0', '00', 'A', '====', '\u00ff', ',', '\0']) {
        const changed = changeAt(signed(each), each.place, (text) => text + more);
        // A separator after the last of several signatures changes none of them.
        if (more === ',' && reasonAgainst(each.merge) === null) continue;
        expect(['malformed', 'no_match'], more).toContain(judged(each, changed));
      }
    },
  },
  {
    name: 'twice, and in conflict',
    reason: (each) => (isInBody(each) ? IN_BODY : null),
    run(each) {
      const request = signed(each);
      const rule = ruleFor(each);
      const strange = signed(each, 'stranger', NOW - (isTimed(each) ? SECOND_MS : 0));
      for (const place of headersOf(each)) {
        const right = textAt(request, place);
        const other = textAt(strange, place);
        for (const wrong of [other === right ? `${right}x` : other, '']) {
          for (const order of ['before', 'after'] as const) {
            const verdict = verdictOf(arrived(request, doubled(request, place, wrong, order)), rule);
            expect(verdict, `${place} ${order}`).not.toBe('verified');
          }
        }
      }
    },
    otherwise: (each) => expect(judged(each, signed(each))).toBe('verified'),
  },
  {
    name: 'twice, and the same',
    reason: (each) => (isInBody(each) ? IN_BODY : null),
    run(each) {
      const request = signed(each);
      const rule = ruleFor(each);
      for (const place of headersOf(each)) {
        const verdict = verdictOf(arrived(request, doubled(request, place, textAt(request, place), 'after')), rule);
        expect(verdict, place).toBe('verified');
      }
    },
    otherwise: (each) => expect(judged(each, signed(each))).toBe('verified'),
  },
  {
    name: 'header names in any spelling',
    run(each) {
      const request = signed(each);
      const spelled = Object.entries(request.headers).map(([name, value]) => [name.toUpperCase(), value] as const);
      expect(verdictOf(arrived(request, { headers: spelled }), ruleFor(each))).toBe('verified');
    },
  },
];
