import { MASK, type MaskPath, maskJson, parseMaskPath } from './body-mask.ts';
import type { HeaderList } from './event.ts';

/** Names of headers and paths into bodies, as configured. */
export interface RedactRules {
  /** Lower case. */
  headers: readonly string[];
  body: readonly string[];
}

/** What is masked of one route's events where they are shown. */
export interface Redaction {
  headers(headers: HeaderList): HeaderList;
  /** Whether bodies are masked at all. */
  readonly masksBodies: boolean;
  /** The text with its values masked; `***` for all of it when it is no JSON, because then nobody knows where they are. */
  body(text: string): string;
}

/** Makes the masking of these rules. */
export function redaction({ headers: names, body }: RedactRules): Redaction {
  const hidden = new Set(names);
  const paths = body.map(parseMaskPath).filter((path): path is MaskPath => path !== null);
  return {
    headers: (headers) => {
      if (hidden.size === 0) return headers;
      return headers.map(([name, value]) => [name, hidden.has(name.toLowerCase()) ? MASK : value]);
    },
    masksBodies: paths.length > 0,
    body: (text) => (paths.length === 0 || text === '' ? text : (maskJson(text, paths) ?? MASK)),
  };
}

/** By route. */
export interface Redactions {
  /** Of a route that is gone, or of no route at all, everything is masked that is masked anywhere. */
  of(route: string | null): Redaction;
  /** Whether bodies are masked on any route. */
  readonly masksBodies: boolean;
}

/** @param common what is masked on every route */
export function redactions(routes: ReadonlyMap<string, RedactRules>, common: RedactRules): Redactions {
  const byRoute = new Map([...routes].map(([name, rules]) => [name, redaction(rules)]));
  const all = [common, ...routes.values()];
  const strictest = redaction({ headers: all.flatMap(({ headers }) => headers), body: all.flatMap(({ body }) => body) });
  const { masksBodies } = strictest;
  return { masksBodies, of: (route) => (route === null ? undefined : byRoute.get(route)) ?? strictest };
}
