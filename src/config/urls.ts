import { type LeafResult, leaf } from './leaves.ts';

/** The name of a target or a route. */
export const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;

const HTTP_URL = 'an http:// or https:// URL, for example http://app:3000/hooks';

function parseHttpUrl(text: string): URL | null {
  if (!/^https?:\/\/[^/?#\s]/i.test(text) || /[\s#]/.test(text)) return null;
  return URL.parse(text);
}

/** Whether a `deliver` entry is meant as a URL and not as the name of a target. */
export function looksLikeUrl(text: string): boolean {
  return /[:/@]/.test(text);
}

function readUrl(input: unknown, expected: string): LeafResult<string> {
  if (typeof input === 'string' && parseHttpUrl(input) !== null) return { value: input };
  const guess =
    typeof input === 'string' && /^[A-Za-z0-9.-]+:[0-9]{1,5}(\/[A-Za-z0-9/_.-]*)?$/.test(input) ? `http://${input}` : undefined;
  return { problems: [{ code: 'bad_url', expected, ...(guess !== undefined && { suggestion: guess }) }] };
}

/** An absolute http(s) URL without a fragment, kept as written. */
export function httpUrl() {
  return leaf({ type: 'string', pattern: '^https?://', expected: HTTP_URL }, (input) => readUrl(input, HTTP_URL));
}

const PUBLIC_URL = 'the scheme and host under which senders reach the relay, for example https://hooks.example.com';

/** A base URL: no credentials, query or fragment. A trailing slash is dropped, because paths begin with one. */
export function baseUrl() {
  return leaf({ type: 'string', pattern: '^https?://', expected: PUBLIC_URL }, (input): LeafResult<string> => {
    const url = typeof input === 'string' ? parseHttpUrl(input) : null;
    if (typeof input !== 'string' || url === null || url.username !== '' || url.password !== '' || input.includes('?')) {
      return { problems: [{ code: 'bad_url', expected: PUBLIC_URL }] };
    }
    return { value: input.replace(/\/+$/, '') };
  });
}

const TARGET = 'the name of a target, or an http:// or https:// URL';

/** Where a route delivers to: a target's name, or a URL that makes a target of its own. */
export function targetReference() {
  return leaf({ type: 'string', expected: TARGET }, (input): LeafResult<string> => {
    if (typeof input !== 'string') return { problems: [{ code: 'wrong_type', expected: TARGET }] };
    if (looksLikeUrl(input)) return readUrl(input, TARGET);
    return NAME.test(input) ? { value: input } : { problems: [{ code: 'bad_name', expected: TARGET }] };
  });
}
