import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '../domain/clock.ts';
import type { ProblemAnswer } from './problems.ts';

/** An unread body up to this size is read off, so that the connection can be used again. */
const WORTH_READING_OFF = 64 * 1024;

/** How long a refused client is listened to after the answer, so that a reset does not overtake it. */
export const LINGER_MS = 1_000;

/** How much is read off in that time: enough for a client that reads only after it has sent some MiB more; with 16 MiB memory grew by 20. */
const LINGER_BYTES = 8 * 1024 * 1024;

/** The last request of a connection that was refused while its body was still coming. */
const refusedEarly = new WeakMap<Socket, IncomingMessage>();

/** Whether the request that is coming in on this connection has its refusal already, so that how it ends is no news. */
export function isRefusedEarly(socket: Socket): boolean {
  return refusedEarly.get(socket)?.complete === false;
}

/** Answers with a short JSON text in ASCII. One string with its length known goes out in one packet. */
export function answerJson(response: ServerResponse, status: number, body: string, closing: boolean): void {
  const headers = ['content-type', 'application/json', 'content-length', String(body.length)];
  if (closing) headers.push('connection', 'close');
  response.writeHead(status, headers);
  response.end(body, 'latin1');
}

/** Answers with headers (name, value, …) and a short text in ASCII; an empty one has no content. */
export function answerText(
  response: ServerResponse,
  { status, headers, body }: { status: number; headers: readonly string[]; body: string },
  closing: boolean,
): void {
  const all = [...headers];
  if (status !== 204) all.push('content-length', String(Buffer.byteLength(body)));
  if (closing) all.push('connection', 'close');
  response.writeHead(status, all);
  response.end(body);
}

/**
 * Answers a refusal, also while the body is still coming: a small one is read off by Node, and for any
 * other the connection ends after the answer. Node would close it at once, and unread bytes would turn that
 * into a reset which can reach the client before the answer; so it stays open until the client has
 * finished or {@link LINGER_MS} are over. What comes is dropped, and past {@link LINGER_BYTES} not even read.
 */
export function answerProblem(
  request: IncomingMessage,
  response: ServerResponse,
  problem: ProblemAnswer,
  options: { unread: number | null; closing: boolean; allow?: string; clock: Clock },
): void {
  const { body } = problem;
  if (!request.complete) refusedEarly.set(request.socket, request);
  const linger = !request.complete && (options.unread === null || options.unread > WORTH_READING_OFF);
  const headers = ['content-length', String(Buffer.byteLength(body))];
  if (body !== '') headers.unshift('content-type', 'application/problem+json');
  if (problem.retryAfter !== null) headers.push('retry-after', String(problem.retryAfter));
  if (options.allow !== undefined) headers.push('allow', options.allow);
  if (options.closing || linger) headers.push('connection', 'close');
  response.writeHead(problem.status, headers);
  if (!linger) {
    response.end(body);
    return;
  }
  response.write(body);
  let dropped = 0;
  request.on('data', (chunk: Buffer) => {
    dropped += chunk.length;
    if (dropped > LINGER_BYTES) request.pause();
  });
  const finish = (): void => {
    cancel();
    response.end();
  };
  const cancel = options.clock.after(LINGER_MS, finish);
  request.once('end', finish);
  request.once('close', finish);
}
