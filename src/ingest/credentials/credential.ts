import { CONFLICTING } from '../../domain/header-list.ts';
import type { KeyAddress } from '../../providers/keys.ts';
import { type Source, sourceLabel } from '../../providers/source.ts';
import type { KeySource } from '../key-source.ts';
import type { ReceivedRequest } from '../received.ts';

/** Why a credential is not taken, for programs. */
export type WrongReason =
  /** It is there more than once with different values. */
  | 'ambiguous'
  | 'malformed'
  /** It is well-formed, and made with another secret or for another body. */
  | 'no_match'
  /** It is right, but for its time. */
  | 'too_old'
  | 'from_the_future'
  | 'no_timestamp'
  /** Something that the signature covers is not there. */
  | 'incomplete'
  /** It is right, but for somebody else: another topic, another host. */
  | 'not_expected';

export interface Wrong {
  kind: 'wrong';
  reason: WrongReason;
  /** For operators only. Holds no secret. */
  explanation: string;
}

/** What a credential says about a request. `key_needed`: ask again once that key was loaded. */
export type CredentialCheck = { kind: 'right' } | { kind: 'absent' } | Wrong | { kind: 'key_needed'; key: KeyAddress };

/** One configured way for a sender to prove who it is. */
export interface Credential {
  /** What is missed when it is absent. */
  label: string;
  check(request: ReceivedRequest, keys: KeySource): CredentialCheck;
}

export const RIGHT: CredentialCheck = { kind: 'right' };
export const ABSENT: CredentialCheck = { kind: 'absent' };
export const wrong = (reason: WrongReason, explanation: string): Wrong => ({ kind: 'wrong', reason, explanation });

/**
 * Reads a credential's field. An empty field was still sent: it is a credential, and a wrong one.
 * @returns null when it is absent
 */
export function readField(request: ReceivedRequest, source: Source, item = 0): string | Wrong | null {
  const text = request.sole(source, item);
  return text === CONFLICTING
    ? wrong(
        'ambiguous',
        `there are several ${sourceLabel(source)}s with different values, and which one counts cannot be known: does a proxy add one?`,
      )
    : text;
}

/** Each item costs at least a hash, and no sender has so many. */
const MOST_ITEMS = 1_000;

/**
 * A credential that stands in every item of a list in the body: all of them have to be right.
 * @param list where the list is
 */
export function eachItem(
  label: string,
  list: Source,
  check: (request: ReceivedRequest, keys: KeySource, item: number) => CredentialCheck,
): Credential {
  return {
    label,
    check(request, keys) {
      const items = list.in === 'body' ? request.list(list.path) : null;
      if (items === null || items.length === 0) return ABSENT;
      if (items.length > MOST_ITEMS) return wrong('malformed', `${items.length} items in the body, ${MOST_ITEMS} are looked at`);
      for (let item = 0; item < items.length; item += 1) {
        const result = check(request, keys, item);
        if (result.kind === 'absent')
          return item === 0 ? result : wrong('incomplete', `item ${item + 1} of the body: no ${label}`);
        if (result.kind !== 'right') return result;
      }
      return RIGHT;
    },
  };
}
