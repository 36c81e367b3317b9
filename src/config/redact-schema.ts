import * as z from 'zod';
import { parseMaskPath } from '../domain/body-mask.ts';
import { type LeafResult, leaf, text } from './leaves.ts';
import type { Config, RedactConfig } from './types.ts';

const HEADERS = 'a list of header names, for example [authorization, x-user-email]';
const PATHS = "a list of paths, for example [payload.user.email, 'items[*].card']";
const PATH = 'a path into a JSON body: keys with dots between them, [*], [2] or * for any, for example items[*].card';

function maskPath() {
  return leaf({ type: 'string', expected: PATH }, (input): LeafResult<string> => {
    if (typeof input === 'string' && parseMaskPath(input) !== null) return { value: input };
    return { problems: [{ code: 'bad_value', expected: PATH }] };
  });
}

/** What is masked where events are shown; what targets get is never changed. */
export const redact = z
  .strictObject({
    headers: z
      .array(text('the name of a header', /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$/))
      .prefault([])
      .meta({
        description: 'Headers whose values are masked, of events, refused requests and answers of targets.',
        expected: HEADERS,
      }),
    body: z.array(maskPath()).prefault([]).meta({
      description:
        'Places in JSON bodies whose values are masked. With any of them a body that is not JSON, or larger than 2 MiB, is hidden as a whole.',
      expected: PATHS,
    }),
  })
  .meta({
    description:
      'What is masked in the API, on the page and in logs. Targets get every byte as it came. That of the file counts on every route, that of a route comes on top.',
    expected: '{ headers: [authorization], body: [payload.user.email] }',
  });

type FileRedact = z.output<typeof redact>;

/** Several of them together. */
export function resolveRedact(...parts: readonly (FileRedact | undefined)[]): RedactConfig {
  const given = parts.filter((part) => part !== undefined);
  return {
    headers: [...new Set(given.flatMap(({ headers }) => headers.map((name) => name.toLowerCase())))],
    body: [...new Set(given.flatMap(({ body }) => body))],
  };
}

/** Headers that are masked on any route: a log line does not say which one it is about. */
export function redactedHeaders({ redact: common, routes }: Config): readonly string[] {
  return [...new Set([common, ...[...routes.values()].map((route) => route.redact)].flatMap(({ headers }) => headers))];
}
