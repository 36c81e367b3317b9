import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import express, { type Express, type NextFunction, type Request, type RequestHandler, type Response } from 'express';
import { HIDDEN, shownHost } from '../config/shown-url.ts';
import { HookbayError } from '../domain/errors.ts';
import type { Logger } from '../domain/logger.ts';
import { digest, type Identity, LOCAL, requireLocalHost, requireOperator, requireSameOrigin, type TokenSet } from './access.ts';
import { type Answer, type Context, type Endpoint, needsOperator } from './endpoint.ts';
import { endpoints } from './endpoints/all.ts';
import type { AdminPorts, AdminSettings } from './ports.ts';
import { sendProblem } from './problem.ts';
import type { Sessions } from './sessions.ts';
import { staticPage } from './static-page.ts';

export interface AppOptions {
  ports: AdminPorts;
  /** In force at this moment; asked once per request. */
  current: () => { settings: AdminSettings; tokens: TokenSet };
  sessions: Sessions;
  openapi: object;
  /** Folder with the built dashboard, or null. */
  page: string | null;
  logger: Logger;
  now: () => number;
}

/** 10,000 ids, the most that a request may hold, are 270 kB. */
const BODY_LIMIT = '512kb';

const API_POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'";

/** Builds the private listener's application: every endpoint, the page, and problem+json for all else. */
export function createApp(options: AppOptions): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.enable('strict routing');
  app.enable('case sensitive routing');
  app.use(baseHeaders);
  const open = endpoints.filter((endpoint) => endpoint.access === 'open');
  // Health answers come before every guard: a supervisor may ask under any name.
  for (const endpoint of open) mount(app, endpoint, options);
  app.use(guard(options));
  const running = new Set<string>();
  for (const endpoint of endpoints) if (endpoint.access !== 'open') mount(app, endpoint, options, running);
  refuseOtherMethods(app, options);
  app.use('/api', (request) => {
    authorise(request, options);
    throw notFound(request);
  });
  if (options.page !== null) app.use(staticPage(options.page));
  app.use((request) => {
    throw notFound(request);
  });
  app.use(failed(options.logger));
  return app;
}

const baseHeaders: RequestHandler = (_request, response, next) => {
  response.set({
    'content-security-policy': API_POLICY,
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'cross-origin-resource-policy': 'same-origin',
    'cache-control': 'no-store',
  });
  next();
};

const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Keeps other sites out, also where no token is needed. */
function guard({ current }: AppOptions): RequestHandler {
  return (request, _response, next) => {
    const { host, origin } = request.headers;
    if (current().tokens.isEmpty) requireLocalHost(host);
    if (!SAFE_METHODS.has(request.method)) requireSameOrigin({ host, origin, fetchSite: request.get('sec-fetch-site') });
    next();
  };
}

/** Whose token or session the request has; null when it has none that is known. */
function identify(request: Request, { current, sessions }: AppOptions): Identity | null {
  const { tokens } = current();
  if (tokens.isEmpty) return LOCAL;
  const { authorization, cookie } = request.headers;
  if (authorization === undefined) return sessions.whoIs(cookie, tokens);
  const bearer = /^bearer +(\S+)$/i.exec(authorization)?.[1];
  return bearer === undefined ? null : tokens.match(digest(bearer));
}

/** @throws HookbayError 401 */
function authorise(request: Request, options: AppOptions): Identity {
  const who = identify(request, options);
  if (who !== null) return who;
  const hint = 'Send the configured admin.token as "Authorization: Bearer …".';
  throw new HookbayError({ code: 'unauthorized', status: 401, message: 'This needs a token.', hint });
}

/** Express' spelling of `/api/v1/events/{id}`. */
const expressPath = (path: string): string => path.replaceAll(/\{(\w+)\}/g, ':$1');

function mount(app: Express, endpoint: Endpoint, options: AppOptions, running: Set<string> = new Set()): void {
  const allow: RequestHandler = (request, response, next) => {
    const isGuarded = endpoint.access === 'token' || endpoint.access === 'operator';
    const who = isGuarded ? authorise(request, options) : identify(request, options);
    response.locals.who = who;
    if (who !== null && needsOperator(endpoint)) {
      try {
        requireOperator(who);
      } catch (error) {
        tellAction(request, who, 403, endpoint, options);
        throw error;
      }
    }
    next();
  };
  const parse = endpoint.method === 'get' ? [] : [express.json({ limit: BODY_LIMIT, type: () => true })];
  app[endpoint.method](expressPath(endpoint.path), allow, ...parse, async (request, response) => {
    const who = response.locals.who as Identity | null;
    const left = new AbortController();
    response.once('close', () => left.abort());
    let answer: Answer;
    try {
      answer = await endpoint.run({ ...context(options), running, ...callOf(request), left: left.signal, who });
    } catch (error) {
      const problem = problemOf(error);
      // Some reads are for operators only where something is masked; what was refused for the role is kept like an action.
      if (endpoint.method !== 'get' || problem.code === 'operator_required')
        tellAction(request, who, problem.status, endpoint, options);
      throw error;
    }
    if (endpoint.method !== 'get') tellAction(request, answer.who ?? who, answer.status, endpoint, options);
    await send(response, answer, left.signal);
  });
}

/** Enough of a filter to understand what was done. */
const DETAIL_CHARS = 1_000;

/** The path of a callback may be a credential. */
const withoutCallback = (key: string, value: unknown): unknown =>
  key === 'callbackUrl' && typeof value === 'string' ? (URL.canParse(value) ? shownHost(value) : HIDDEN) : value;

/** What was done goes to the log and to the list of it; where nobody is known, to the log alone. */
function tellAction(request: Request, who: Identity | null, status: number, endpoint: Endpoint, options: AppOptions): void {
  const { ports, logger, now } = options;
  const peer = peerOf(request);
  logger.info({ method: request.method, path: request.path, status, peer, actor: who?.name ?? null }, 'admin action');
  if (who === null) return;
  const [subject] = Object.values(request.params);
  // What opens a session is a token.
  const detail = request.body === undefined || endpoint.access === 'login' ? '' : JSON.stringify(request.body, withoutCallback);
  ports.audit.record({
    at: now(),
    actor: who.name,
    peer,
    action: `${endpoint.method.toUpperCase()} ${endpoint.path}`,
    subject: typeof subject === 'string' ? subject : null,
    status,
    detail: detail.slice(0, DETAIL_CHARS),
  });
}

function context({ ports, current, sessions, openapi, now }: AppOptions): Omit<Context, 'running'> {
  const { settings, tokens } = current();
  const session = {
    login: (token: string, peer: string) => sessions.login(token, peer, tokens),
    logout: (cookie: string | undefined) => sessions.logout(cookie),
  };
  return { ports, settings, session, openapi, now };
}

const peerOf = (request: Request): string => request.socket.remoteAddress ?? '';

function callOf(request: Request) {
  const id = Object.values(request.params)[0];
  return {
    id: typeof id === 'string' ? id : '',
    query: queryOf(request.originalUrl),
    body: request.body as unknown,
    peer: peerOf(request),
    cookie: request.headers.cookie,
    lastEventId: request.get('last-event-id'),
    idempotencyKey: request.get('idempotency-key'),
  };
}

/** @throws HookbayError 400 for a parameter that is given twice, of which one would be overlooked */
function queryOf(url: string): Record<string, string> {
  const start = url.indexOf('?');
  const values = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(start < 0 ? '' : url.slice(start))) {
    if (values.has(name)) {
      const message = `query.${name}: is given more than once`;
      throw new HookbayError({ code: 'bad_query', status: 400, message });
    }
    values.set(name, value);
  }
  return Object.fromEntries(values);
}

async function send(response: Response, answer: Answer, left: AbortSignal): Promise<void> {
  response.status(answer.status);
  // Not set(): it would add a charset to the media type of a body that came from outside.
  for (const [name, value] of Object.entries(answer.headers ?? {})) response.setHeader(name, value);
  switch (answer.kind) {
    case 'json':
      response.type('application/json').send(JSON.stringify(answer.body));
      return;
    case 'raw':
      response.setHeader('content-length', Buffer.byteLength(answer.body));
      response.end(response.req.method === 'HEAD' ? undefined : answer.body);
      return;
    case 'stream':
      await stream(response, answer, left);
      return;
    case 'empty':
      response.end();
      return;
    default:
      answer satisfies never;
  }
}

/** A client that takes nothing for so long is taken for gone: what it was given may hold the room of a whole database. */
const STALLED_MS = 120_000;

/** Resolves when all is given out or the client has left. */
async function stream(response: Response, { pieces, unread }: Answer & { kind: 'stream' }, left: AbortSignal): Promise<void> {
  if (response.req.method === 'HEAD' || left.aborted) {
    await unread?.();
    response.end();
    return;
  }
  response.setTimeout(STALLED_MS, () => response.destroy());
  response.flushHeaders();
  const content = pieces();
  try {
    // A generator that never began could not clean up; a stream that is destroyed can.
    await pipeline(content instanceof Readable ? content : Readable.from(content, { objectMode: false }), response);
  } catch (error) {
    if (!left.aborted) throw error;
  }
}

/** 405 with Allow for a path that exists. */
function refuseOtherMethods(app: Express, options: AppOptions): void {
  const byPath = Map.groupBy(endpoints, (endpoint) => endpoint.path);
  for (const [path, group] of byPath) {
    const allow = group.flatMap(({ method }) => (method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()])).join(', ');
    app.all(expressPath(path), (request, response) => {
      if (group.every(({ access }) => access === 'token' || access === 'operator')) authorise(request, options);
      response.set('allow', allow);
      throw new HookbayError({ code: 'wrong_method', status: 405, message: `${path} takes ${allow}.` });
    });
  }
}

/** As it was asked for; `request.path` leaves out where its handler is mounted. */
const pathOf = (request: Request): string => request.originalUrl.replace(/\?.*$/s, '');

function notFound(request: Request): HookbayError {
  const hint = 'GET /openapi.json lists everything.';
  return new HookbayError({ code: 'not_found', status: 404, message: `There is nothing at ${pathOf(request)}.`, hint });
}

/** Errors of Express and its parsers carry a status; everything else that is not a HookbayError is ours and says nothing. */
function problemOf(error: unknown): HookbayError {
  if (error instanceof HookbayError) return error;
  const status = typeof error === 'object' && error !== null && 'status' in error ? error.status : 500;
  if (status === 413) return new HookbayError({ code: 'too_large', status: 413, message: `A request may have ${BODY_LIMIT}.` });
  if (typeof status === 'number' && status >= 400 && status < 500) {
    return new HookbayError({ code: 'bad_request', status, message: 'The request cannot be read: expected a JSON object.' });
  }
  const hint = 'The log has the details.';
  return new HookbayError({ code: 'internal_error', status: 500, message: 'Something went wrong here.', hint });
}

function failed(logger: Logger) {
  // Express knows an error handler by its four parameters.
  return (error: unknown, request: Request, response: Response, _next: NextFunction): void => {
    const problem = problemOf(error);
    const record = {
      method: request.method,
      path: pathOf(request),
      status: problem.status,
      code: problem.code,
      peer: peerOf(request),
    };
    if (problem.status >= 500) logger.error({ ...record, err: error }, 'admin request failed');
    else if (problem.status === 401 || problem.status === 403 || problem.status === 429)
      logger.warn(record, 'admin request refused');
    if (response.headersSent) {
      response.destroy();
      return;
    }
    if (problem.status === 401) response.set('www-authenticate', 'Bearer realm="hookbay"');
    if (problem.status === 429) response.set('retry-after', '60');
    if (problem.status === 503) response.set('retry-after', '1');
    sendProblem(response, problem);
  };
}
