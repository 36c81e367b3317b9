import { STATUS_CODES } from 'node:http';
import type { Response } from 'express';
import type { z } from 'zod';
import { closest } from '../config/suggest.ts';
import { HookbayError, type Problem } from '../domain/errors.ts';

/** A request that was refused, with each fault found in it. */
export class RequestRefused extends HookbayError {
  readonly faults: readonly string[];

  constructor(problem: Problem, faults: readonly string[] = []) {
    super(problem);
    this.name = 'RequestRefused';
    this.faults = faults;
  }
}

/** 404 for an id or a name that nothing has. */
export function missing(what: string, id: string): HookbayError {
  return new HookbayError({ code: `unknown_${what}`, status: 404, message: `There is no ${what} ${JSON.stringify(id)}.` });
}

/** 410 for what was here and has been deleted by retention or on request. */
export function gone(what: string, id: string): HookbayError {
  const hint = 'Its retention has ended, or somebody deleted it; only its dedup key is still known.';
  return new HookbayError({ code: `${what}_gone`, status: 410, message: `The ${what} ${JSON.stringify(id)} was deleted.`, hint });
}

/** 400 for names in a request that the configuration does not have. */
export function unknownTargets(names: readonly string[], known: Iterable<string>): RequestRefused {
  const candidates = [...known];
  const faults = names.map((name) => `targets: no target is called ${JSON.stringify(name)}${suggestion(name, candidates)}`);
  return new RequestRefused({ code: 'unknown_target', status: 400, message: faults.join('; ') }, faults);
}

function suggestion(word: string, candidates: Iterable<string>): string {
  const near = closest(word, candidates);
  return near === undefined ? '' : `, did you mean ${JSON.stringify(near)}?`;
}

/**
 * 400 with everything that was wrong at once.
 * @param part where it stood: `query` or `body`
 * @param known names that are allowed, for suggestions
 */
export function badRequest(part: 'query' | 'body', error: z.ZodError, known: readonly string[]): RequestRefused {
  const faults = error.issues.flatMap((issue) => {
    const place = [part, ...issue.path.map(String)].join('.');
    if (issue.code !== 'unrecognized_keys') return [`${place}: ${issue.message}`];
    return issue.keys.map((key) => `${place}: there is no ${JSON.stringify(key)} here${suggestion(key, known)}`);
  });
  const names = known.length === 0 ? 'Nothing is expected here.' : `Known here: ${known.join(', ')}.`;
  const hint = error.issues.some(({ code }) => code === 'unrecognized_keys') ? { hint: names } : {};
  return new RequestRefused({ code: `bad_${part}`, status: 400, message: faults.join('; '), ...hint }, faults);
}

/** Answers an error as `application/problem+json` (RFC 9457). */
export function sendProblem(response: Response, problem: HookbayError): void {
  const faults = problem instanceof RequestRefused && problem.faults.length > 0 ? { faults: problem.faults } : {};
  response
    .status(problem.status)
    .type('application/problem+json')
    .send(
      JSON.stringify({
        type: 'about:blank',
        title: STATUS_CODES[problem.status] ?? 'Error',
        status: problem.status,
        code: problem.code,
        detail: problem.message,
        ...(problem.hint === undefined ? {} : { hint: problem.hint }),
        ...faults,
      }),
    );
}
