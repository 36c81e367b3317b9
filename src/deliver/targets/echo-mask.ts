import { HIDDEN } from '../../config/shown-url.ts';
import type { AttemptResponse } from '../../domain/attempt.ts';

/** As in the log: shorter ones would blot out ordinary words. */
const SHORTEST_SECRET = 6;

/** So much of a secret at the cut end of a body is a part of it, and no accident. */
const SHORTEST_PART = 4;

/**
 * Some targets answer with what they were sent, and answers are stored and shown: secrets in them are hidden.
 * @returns null where there is nothing to hide
 */
export function echoMask(secrets: readonly string[]): ((response: AttemptResponse) => AttemptResponse) | null {
  const spellings = secrets.flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1)]);
  const needles = [...new Set(spellings)].filter(({ length }) => length >= SHORTEST_SECRET).sort((a, b) => b.length - a.length);
  if (needles.length === 0) return null;
  const hide = (text: string): string => needles.reduce((rest, needle) => rest.replaceAll(needle, HIDDEN), text);
  return ({ headers, body, truncated }) => ({
    headers: headers.map(([name, value]): [string, string] => [name, hide(value)]),
    body: truncated ? withoutCutSecret(hide(body), needles) : hide(body),
    truncated,
  });
}

/** Takes off the beginning of a secret whose rest was cut. */
function withoutCutSecret(body: string, needles: readonly string[]): string {
  for (const needle of needles) {
    for (let length = needle.length - 1; length >= SHORTEST_PART; length -= 1) {
      if (body.endsWith(needle.slice(0, length))) return `${body.slice(0, -length)}${HIDDEN}`;
    }
  }
  return body;
}
