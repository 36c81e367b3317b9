import { createHash } from 'node:crypto';
import { HookbayError } from '../domain/errors.ts';
import type { Answer, Call } from './endpoint.ts';
import type { IdempotencyMark, Remembered } from './ports.ts';

const LONGEST_KEY = 256;

interface OnceRequest {
  /** Method and path: a key stands for a request to one place. */
  scope: string;
  /** As it was read, defaults included. */
  body: unknown;
  /** Does the work; the mark is to be stored with it. */
  first(mark: IdempotencyMark | null): Promise<Answer>;
  /** The answer of before, once more. */
  again(answer: Remembered['answer']): Promise<Answer>;
}

/**
 * Does what a request asks for once for each Idempotency-Key in 24 hours; without the header every time.
 * @throws HookbayError `bad_idempotency_key` (400), `idempotency_running` (409) while the first one is worked on,
 * `idempotency_mismatch` (422) for another body
 */
export async function once(
  { idempotencyKey: key, running, ports, now }: Call<unknown, unknown>,
  { scope, body, first, again }: OnceRequest,
): Promise<Answer> {
  if (key === undefined) return first(null);
  if (key === '' || key.length > LONGEST_KEY) throw badKey();
  const mark = { scope, key, bodySha256: createHash('sha256').update(JSON.stringify(body)).digest('hex') };
  const name = `${scope}\n${key}`;
  if (running.has(name)) throw stillRunning();
  running.add(name);
  try {
    const known = await ports.history.remembered(scope, key, now());
    if (known === null) return await first(mark);
    if (known.bodySha256 !== mark.bodySha256) throw mismatch();
    const answer = await again(known.answer);
    return { ...answer, headers: { ...answer.headers, 'idempotency-replayed': 'true' } };
  } finally {
    running.delete(name);
  }
}

function badKey(): HookbayError {
  const message = `An Idempotency-Key has 1 to ${LONGEST_KEY} characters.`;
  return new HookbayError({ code: 'bad_idempotency_key', status: 400, message, hint: 'A UUID for each request is right.' });
}

function stillRunning(): HookbayError {
  const message = 'The first request with this Idempotency-Key is still being worked on.';
  return new HookbayError({ code: 'idempotency_running', status: 409, message, hint: 'Ask again in a moment.' });
}

function mismatch(): HookbayError {
  const message = 'This Idempotency-Key came before, with another request.';
  return new HookbayError({ code: 'idempotency_mismatch', status: 422, message, hint: 'Give each request a key of its own.' });
}
