import got, { type Method, type Request, RequestError, type Response } from 'got';
import pRetry from 'p-retry';
import type { AdminAddress } from './admin-address.ts';
import type { ProblemItem } from './admin-types.ts';
import { CommandError } from './command-error.ts';

const TIMEOUT_MS = 15_000;
/** A stream gives a sign of life every 15 s. */
const SILENCE_MS = 40_000;
/** A large database is copied before the first byte of it comes. */
const COPY_MS = 30 * 60_000;
/** A relay that is just being restarted is back within this; nothing has reached it when a connection was refused. */
const RETRIES = { retries: 3, minTimeout: 100, factor: 2 };
const REFUSED = new Set(['ECONNREFUSED', 'EAI_AGAIN']);

type Query = Record<string, string | number | undefined>;

/** Calls a running relay's admin API. Every method throws a {@link CommandError} that says what to do. */
export class AdminClient {
  readonly url: string;
  readonly #address: AdminAddress;

  constructor(address: AdminAddress) {
    this.#address = address;
    this.url = address.url;
  }

  /** @param path below `/api/v1` */
  async get<Answer>(path: string, query: Query = {}): Promise<Answer> {
    return this.#parsed<Answer>(await this.#call('GET', path, { query }));
  }

  async post<Answer>(path: string, body: object = {}, headers: Record<string, string> = {}): Promise<Answer> {
    return this.#parsed<Answer>(await this.#call('POST', path, { body, headers }));
  }

  /**
   * A stream of server-sent events, as it comes. Ends with the signal; throws when the connection breaks, or when nothing,
   * not even a sign of life, has come for a while.
   */
  async stream(
    path: string,
    options: { query: Query; lastEventId: string | null; signal: AbortSignal },
  ): Promise<AsyncIterable<Uint8Array>> {
    const { query, lastEventId, signal } = options;
    const stream = got.stream(`${this.url}/api/v1${path}`, {
      searchParams: query,
      headers: { ...this.#authorization(), ...(lastEventId === null ? {} : { 'last-event-id': lastEventId }) },
      followRedirect: false,
      throwHttpErrors: false,
      retry: { limit: 0 },
      timeout: { connect: TIMEOUT_MS, response: TIMEOUT_MS, socket: SILENCE_MS },
      signal,
    });
    await this.#head(stream);
    return stream;
  }

  /** A request whose answer is a file. @param write gets it piece by piece */
  async download(
    method: 'GET' | 'POST',
    path: string,
    write: (piece: Uint8Array, done: number, total: number) => Promise<void>,
  ): Promise<void> {
    const stream = got.stream(`${this.url}/api/v1${path}`, {
      method,
      ...(method === 'POST' ? { json: {} } : {}),
      headers: this.#authorization(),
      followRedirect: false,
      throwHttpErrors: false,
      retry: { limit: 0 },
      timeout: { connect: TIMEOUT_MS, response: COPY_MS, socket: COPY_MS },
    });
    const response = await this.#head(stream);
    const total = Number(response.headers['content-length'] ?? 0);
    let done = 0;
    for await (const piece of stream as AsyncIterable<Uint8Array>) {
      done += piece.length;
      await write(piece, done, total);
    }
    if (done === total) return;
    throw new CommandError({ exitCode: 1, code: 'cut_short', message: `The relay sent ${done} of ${total} bytes.` });
  }

  async delete<Answer>(path: string): Promise<Answer> {
    return this.#parsed<Answer>(await this.#call('DELETE', path, {}));
  }

  /** The answer's bytes as they came. */
  async bytes(path: string, query: Query = {}): Promise<Uint8Array> {
    return (await this.#call('GET', path, { query })).rawBody;
  }

  async #call(
    method: Method,
    path: string,
    { query, body, headers = {} }: { query?: Query; body?: object; headers?: Record<string, string> },
  ): Promise<Response<string>> {
    const request = (): Promise<Response<string>> =>
      got(`${this.url}/api/v1${path}`, {
        method,
        searchParams: query ?? {},
        ...(body === undefined ? {} : { json: body }),
        headers: { ...headers, ...this.#authorization() },
        followRedirect: false,
        throwHttpErrors: false,
        retry: { limit: 0 },
        timeout: { request: TIMEOUT_MS },
      });
    const shouldRetry = ({ error }: { error: Error }): boolean => error instanceof RequestError && REFUSED.has(error.code);
    const response = await pRetry(request, { ...RETRIES, shouldRetry }).catch((error: unknown) => {
      throw this.#unreachable(error);
    });
    if (!response.ok) throw this.#refused(response);
    return response;
  }

  /** @throws CommandError when there is no answer, or any but 200 */
  async #head(stream: Request): Promise<Response> {
    const response = await new Promise<Response>((resolve, reject) => {
      stream.once('response', resolve);
      stream.once('error', reject);
    }).catch((error: unknown) => {
      throw this.#unreachable(error);
    });
    if (response.statusCode === 200) return response;
    const { statusCode, headers } = response;
    throw this.#refused({ statusCode, headers, body: await textOf(stream) } as Response<string>);
  }

  #authorization(): Record<string, string> {
    return this.#address.token === null ? {} : { authorization: `Bearer ${this.#address.token}` };
  }

  #parsed<Answer>(response: Response<string>): Answer {
    try {
      return JSON.parse(response.body) as Answer;
    } catch (cause) {
      throw this.#notARelay(response, cause);
    }
  }

  #unreachable(cause: unknown): CommandError {
    const message = `No relay answers at ${this.url} (${cause instanceof RequestError ? cause.code : String(cause)}).`;
    const hint = 'Start one with `hookbay serve`, or name its admin address with --url or HOOKBAY_ADMIN_URL.';
    return new CommandError({ exitCode: 1, code: 'relay_unreachable', message, hint }, { cause });
  }

  #refused(response: Response<string>): CommandError {
    if (response.statusCode === 401) {
      const had = this.#address.token === null ? 'asks for a token' : 'does not know this token';
      const hint = "Give the configuration's admin.token with --token or HOOKBAY_ADMIN_TOKEN, or the file itself with --config.";
      return new CommandError({ exitCode: 1, code: 'unauthorized', message: `The relay at ${this.url} ${had}.`, hint });
    }
    const problem = this.#parsed<ProblemItem>(response);
    const said = problem.detail ?? problem.title ?? `The relay answered ${response.statusCode}.`;
    const { faults = [] } = problem;
    // The detail of a request with faults is these faults in one line.
    const message = (faults.join('; ') === said ? faults : [...faults, said]).join('\n\n');
    const exitCode = problem.code === 'configuration_faults' ? 2 : 1;
    return new CommandError({ exitCode, code: problem.code ?? `http_${response.statusCode}`, message, hint: problem.hint });
  }

  #notARelay(response: Response<string>, cause: unknown): CommandError {
    const message = `What answers at ${this.url} (${response.statusCode}) is not a relay's admin API.`;
    const hint = 'The admin listener is the private one, by default http://127.0.0.1:8081.';
    return new CommandError({ exitCode: 1, code: 'not_a_relay', message, hint }, { cause });
  }
}

async function textOf(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const piece of stream) pieces.push(piece);
  return Buffer.concat(pieces).toString('utf8');
}
