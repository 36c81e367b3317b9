const TIMEOUT_MS = 15_000;

/** A problem+json answer, or none at all (status 0). `message` is for people. */
export class ApiProblem extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.name = 'ApiProblem';
    this.status = status;
    this.code = code;
  }
}

/** For a catch: every failure in words. */
export function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

type Listener = () => void;
const refused = new Set<Listener>();

/** Calls back when the API wants a token. @returns what ends it */
export function onTokenNeeded(listener: Listener): () => void {
  refused.add(listener);
  return () => void refused.delete(listener);
}

async function request(
  method: string,
  path: string,
  body: unknown,
  signal: AbortSignal | null,
  timeoutMs: number | null = TIMEOUT_MS,
): Promise<Response> {
  const signals = [signal, timeoutMs === null ? null : AbortSignal.timeout(timeoutMs)].filter((each) => each !== null);
  try {
    return await fetch(path, {
      method,
      signal: AbortSignal.any(signals),
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
  } catch (error) {
    if (signal?.aborted === true) throw error;
    throw new ApiProblem(0, 'no_answer', 'The relay does not answer.');
  }
}

async function problemOf(response: Response): Promise<ApiProblem> {
  const fallback = `The relay answered ${response.status}.`;
  try {
    const { code, detail, hint } = (await response.json()) as { code?: string; detail?: string; hint?: string };
    return new ApiProblem(response.status, code ?? 'unknown', [detail ?? fallback, hint].filter(Boolean).join(' '));
  } catch {
    return new ApiProblem(response.status, 'unknown', fallback);
  }
}

async function checked(response: Response): Promise<Response> {
  if (response.ok) return response;
  const problem = await problemOf(response);
  if (problem.status === 401) for (const listener of refused) listener();
  throw problem;
}

const api = (path: string): string => `api/v1/${path}`;

/** @param path below `/api/v1/` @throws ApiProblem, or the signal's reason */
export async function get<T>(path: string, signal: AbortSignal | null = null): Promise<T> {
  return (await (await checked(await request('GET', api(path), undefined, signal))).json()) as T;
}

/** @throws ApiProblem */
export async function post<T>(path: string, body: unknown = {}): Promise<T> {
  return (await (await checked(await request('POST', api(path), body, null))).json()) as T;
}

/** @throws ApiProblem */
export async function del(path: string): Promise<void> {
  await checked(await request('DELETE', api(path), undefined, null));
}

/** The relay's metrics, as text. @throws ApiProblem */
export async function getMetrics(signal: AbortSignal): Promise<string> {
  return (await checked(await request('GET', 'metrics', undefined, signal))).text();
}

/** An answer that takes as long as it takes. @throws ApiProblem, or the signal's reason */
export async function ask(path: string, signal: AbortSignal): Promise<Response> {
  return checked(await request('GET', api(path), undefined, signal, null));
}

/** Where the exact bytes of an event's body are. */
export const bodyUrl = (eventId: string): string => api(`events/${encodeURIComponent(eventId)}/body`);

/** @param path below `/api/v1/` @throws ApiProblem */
export async function remove<T>(path: string): Promise<T> {
  return (await (await checked(await request('DELETE', api(path), undefined, null))).json()) as T;
}

export interface EventBody {
  bytes: Uint8Array;
  /** The route masks parts of bodies: these are not all the bytes that came. */
  isMasked: boolean;
}

/** @throws ApiProblem, or the signal's reason */
export async function getBody(eventId: string, signal: AbortSignal): Promise<EventBody> {
  const response = await checked(await request('GET', bodyUrl(eventId), undefined, signal));
  const isMasked = response.headers.get('hookbay-redacted') === 'true';
  return { bytes: new Uint8Array(await response.arrayBuffer()), isMasked };
}

/** Whether webhooks are taken; answered without a token, with 503 when they are not. */
export async function getReadiness<T>(signal: AbortSignal): Promise<T> {
  return (await (await request('GET', 'readyz', undefined, signal)).json()) as T;
}

/** Opens a session: from then on the browser sends its cookie. @throws ApiProblem 401, 429 */
export async function signIn(token: string): Promise<void> {
  const response = await request('POST', api('session'), { token }, null);
  if (!response.ok) throw await problemOf(response);
}

/** @throws ApiProblem */
export async function signOut(): Promise<void> {
  await checked(await request('DELETE', api('session'), undefined, null));
}

/** A query string with a `?`, without the empty values; empty when none is left. */
export function query(values: Record<string, string | number | null | undefined>): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (value !== null && value !== undefined && value !== '') params.set(name, String(value));
  }
  return params.size === 0 ? '' : `?${params}`;
}
