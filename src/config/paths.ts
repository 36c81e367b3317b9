import { type LeafProblem, type LeafResult, leaf } from './leaves.ts';

const PATH = 'a path beginning with /, for example /webhooks/knowledgesdk';

/** What the public listener answers itself. */
const RESERVED = ['/healthz', '/readyz'];

/** The characters of a path (RFC 3986 section 3.3); all others arrive percent-encoded. */
const PATH_CHARACTERS = /^(?:[A-Za-z0-9\-._~!$&'()+,;=:@/]|%[0-9A-Fa-f]{2})*$/;

const unreachable = (message: string, expected: string): LeafProblem => ({ code: 'unreachable_route', message, expected });

function problemOf(path: string): LeafProblem | null {
  if (!path.startsWith('/')) return { code: 'bad_path', expected: PATH, ...(/^[a-z]/i.test(path) && { suggestion: `/${path}` }) };
  if (RESERVED.includes(path)) {
    return {
      code: 'reserved_path',
      message: 'the relay itself answers on this path',
      expected: `a path other than ${RESERVED.join(' and ')}`,
    };
  }
  if (/[?#]/.test(path)) return unreachable('no request can match: a path has no query and no fragment', 'the path alone');
  if (/[*{}]|\/:/.test(path))
    return unreachable('no request can match: paths are compared letter by letter, without patterns', PATH);
  if (!PATH_CHARACTERS.test(path))
    return unreachable('no request can match: such characters arrive percent-encoded', 'the path as %XX');
  if (/\/\.{1,2}(\/|$)/.test(path)) return unreachable('no request can match: clients resolve . and .. before they send', PATH);
  return null;
}

/** The public path of a route, compared letter by letter. A path that no request can have is refused. */
export function routePath() {
  return leaf({ type: 'string', pattern: '^/', expected: PATH }, (input): LeafResult<string> => {
    if (typeof input !== 'string') return { problems: [{ code: 'bad_path', expected: PATH }] };
    const problem = problemOf(input);
    return problem === null ? { value: input } : { problems: [problem] };
  });
}
