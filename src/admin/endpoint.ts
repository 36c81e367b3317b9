import { z } from 'zod';
import type { Identity } from './access.ts';
import type { AdminPorts, AdminSettings } from './ports.ts';
import { badRequest } from './problem.ts';

/**
 * Who may call: `open` anybody, `login` anybody from this site, `token` with a token or a session, `operator` with one of
 * that role. What changes something needs it too.
 */
export type Access = 'open' | 'login' | 'token' | 'operator';

export interface Session {
  /** @returns the value for Set-Cookie and whose it is, or null when the token is wrong */
  login(token: string, peer: string): { cookie: string; who: Identity } | null;
  logout(cookie: string | undefined): string;
}

/** What every handler may use. */
export interface Context {
  ports: AdminPorts;
  settings: AdminSettings;
  session: Session;
  openapi: object;
  /** Requests with an idempotency key that are being worked on. */
  running: Set<string>;
  /** Wall time, ms. */
  now(): number;
}

export interface Call<Query, Body> extends Context {
  /** The id or name in the path; empty where the path has none. */
  id: string;
  query: Query;
  body: Body;
  peer: string;
  /** Aborted when nobody waits for the answer any more. */
  left: AbortSignal;
  /** Null where nobody is asked for a token. */
  who: Identity | null;
  cookie: string | undefined;
  /** Where a stream is to go on (Last-Event-ID). */
  lastEventId: string | undefined;
  /** The header of this name. */
  idempotencyKey: string | undefined;
}

export type Answer = (
  | { kind: 'json'; status: number; body: unknown; headers?: Record<string, string> }
  | { kind: 'raw'; status: number; body: string | Buffer; headers: Record<string, string> }
  /** Given out piece by piece, until it ends or nobody listens any more. */
  | {
      kind: 'stream';
      status: 200;
      headers: Record<string, string>;
      pieces(): AsyncIterable<string | Buffer>;
      /** Called in place of `pieces` when nobody listened from the start. */
      unread?(): Promise<void>;
    }
  /** `who`: whose session was opened. */
  | { kind: 'empty'; status: 204; headers?: Record<string, string> }
) & { who?: Identity };

/** Whether a viewer may not call it. */
export const needsOperator = ({ access, method }: Pick<Description, 'access' | 'method'>): boolean =>
  access === 'operator' || (access === 'token' && method !== 'get');

/** The usual answer. */
export const json = (body: unknown, status = 200, headers: Record<string, string> = {}): Answer => ({
  kind: 'json',
  status,
  body,
  headers,
});

export interface AnswerDoc {
  description: string;
  /** Absent for an answer without a body, or with a `contentType` that has no schema. */
  schema?: z.ZodType;
  contentType?: string;
}

interface Description {
  method: 'get' | 'post' | 'delete';
  /** As OpenAPI writes it: `/api/v1/events/{id}`. */
  path: string;
  summary: string;
  access: Access;
  /** Takes an Idempotency-Key. */
  idempotent?: boolean;
  answers: Record<number, AnswerDoc>;
  /** Statuses of problems that it may answer beyond 400, 401, 403 and 500. */
  problems?: readonly number[];
}

interface Definition<Query extends z.ZodObject, Body extends z.ZodObject> extends Description {
  query?: Query;
  body?: Body;
  handle(call: Call<z.output<Query>, z.output<Body>>): Promise<Answer> | Answer;
}

export type Endpoint = Description & {
  query: z.ZodObject;
  body: z.ZodObject | null;
  /** Validates and handles; throws a HookbayError for everything that is refused. */
  run(call: Call<unknown, unknown>): Promise<Answer>;
};

/** For endpoints without a query or a body: whatever is given is refused. */
const nothing = z.strictObject({});

const known = (schema: z.ZodObject): string[] => Object.keys(schema.shape);

function parsed<Schema extends z.ZodObject>(schema: Schema, part: 'query' | 'body', value: unknown): z.output<Schema> {
  const result = schema.safeParse(value);
  if (!result.success) throw badRequest(part, result.error, known(schema));
  return result.data;
}

/** Ties the schemas of a request to its handler: what validates is what the OpenAPI document shows. */
export function endpoint<Query extends z.ZodObject = typeof nothing, Body extends z.ZodObject = typeof nothing>(
  definition: Definition<Query, Body>,
): Endpoint {
  const query = definition.query ?? nothing;
  const body = definition.body ?? nothing;
  return {
    ...definition,
    query,
    body: definition.body ?? null,
    run: async (call) =>
      definition.handle({
        ...call,
        query: parsed(query as Query, 'query', call.query),
        body: parsed(body as Body, 'body', call.body ?? {}),
      }),
  };
}
