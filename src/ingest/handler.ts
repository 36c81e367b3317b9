import { IncomingMessage, type ServerResponse } from 'node:http';
import { TLSSocket } from 'node:tls';
import { lookalikes } from '../providers/recognise.ts';
import { answerJson, answerProblem } from './answers.ts';
import { turnedAway } from './door.ts';
import { readHead } from './head.ts';
import { Intake, type IntakeRequest, type IntakeServices } from './intake.ts';
import { isForwardedHttps, peerAddress, type TrustedProxies } from './peer.ts';
import { PROBLEMS, type RefusalCode } from './problems.ts';
import { looseForm, type Route, type RouteTable } from './route-table.ts';
import type { SecretPlaces } from './stored-parts.ts';

/** What a reload replaces, all at once. A request ends under the settings it began with. */
export interface Settings {
  routes: RouteTable;
  bodyLimit: number;
  trusted: TrustedProxies;
  /** Routes by their paths without regard to case and slashes at the end. */
  nearPaths: ReadonlyMap<string, { name: string; path: string }>;
  /** Where the senders of any route carry secrets: a request to no route may be meant for one. */
  anySecrets: SecretPlaces;
}

/** Why the relay takes no webhooks at the moment; empty when it does. */
export type NotReady = () => readonly string[];

/**
 * Node's request with its intake beside it: the three listeners below are shared by all requests, so none
 * needs closures of its own.
 */
export class WebhookMessage extends IncomingMessage {
  intake: Intake | null = null;
}

function onData(this: WebhookMessage, chunk: Buffer): void {
  this.intake?.take(chunk);
}
function onEnd(this: WebhookMessage): void {
  this.intake?.complete();
}
function onClose(this: WebhookMessage): void {
  this.intake?.abandon();
}

const SHOWN_PATH_CHARS = 200;
const anyLookalike = lookalikes(null);

/** Answers requests on the public listener. Nothing here waits but the append. */
export class PublicHandler {
  settings: Settings;
  readonly #services: IntakeServices;
  readonly #notReady: NotReady;
  /** New webhooks are refused; what has begun is finished. */
  draining = false;

  constructor(settings: Settings, services: IntakeServices, notReady: NotReady) {
    this.settings = settings;
    this.#services = services;
    this.#notReady = notReady;
  }

  /** @param expectsContinue the client waits for `100 Continue` before it sends the body (RFC 9110 section 10.1.1) */
  handle(message: WebhookMessage, response: ServerResponse, expectsContinue: boolean): void {
    const { clock } = this.#services;
    const startedAt = clock.monotonic();
    const head = readHead(message.rawHeaders, message.httpVersionMinor > 0);
    const peer = peerAddress(message.socket.remoteAddress, head.forwardedFor, this.settings.trusted);
    const url = originForm(message.url ?? '/');
    const mark = url.indexOf('?');
    const request: IntakeRequest = {
      method: message.method ?? '',
      path: mark < 0 ? url : url.slice(0, mark),
      query: mark < 0 ? '' : url.slice(mark + 1),
      peer,
      head,
      receivedAt: clock.now(),
      startedAt,
    };
    const exchange = { message, response };
    if (head.fault !== null) {
      this.#refuse(exchange, request, null, 'malformed_request', head.fault);
      return;
    }
    const route = this.settings.routes.get(request.path);
    if (route === undefined) this.#withoutRoute(exchange, request);
    else this.#onRoute(exchange, request, route, expectsContinue);
  }

  /** All that is checked before a byte of the body is read. */
  #onRoute(exchange: Exchange, request: IntakeRequest, route: Route, expectsContinue: boolean): void {
    const { log, inFlight, clock } = this.#services;
    const { bodyLimit, trusted } = this.settings;
    const { message } = exchange;
    const length = request.head.length ?? 0;
    if (!route.methods.has(request.method) && !route.handshakes.methods.has(request.method)) {
      this.#refuse(
        exchange,
        request,
        route,
        'method_not_allowed',
        `${request.method} is not among the route's methods (${route.allow})`,
      );
      return;
    }
    const isHttps = (): boolean =>
      message.socket instanceof TLSSocket || isForwardedHttps(message.socket.remoteAddress, request.head, trusted);
    const turned = turnedAway(route.admission, request.peer, isHttps, clock.monotonic());
    if (turned !== null) {
      this.#refuse(exchange, request, route, turned.code, turned.explanation, { retryAfter: turned.retryAfter });
      return;
    }
    if (length > bodyLimit) {
      this.#refuse(exchange, request, route, 'body_too_large', `${length} bytes announced, limits.body allows ${bodyLimit}`);
      return;
    }
    const unavailable = this.draining ? 'shutting_down' : log.unavailable();
    if (unavailable !== null) {
      this.#refuse(exchange, request, route, unavailable, 'the relay takes no events at the moment');
      return;
    }
    const pending = log.pending(route.name);
    if (pending >= route.admission.backlog) {
      this.#refuse(exchange, request, route, 'backlog_full', `${pending} deliveries of the route are pending`);
      return;
    }
    if (!inFlight.fits(length)) {
      this.#refuse(exchange, request, route, 'in_flight_full', 'the bodies in flight use up limits.inFlight');
      return;
    }
    if (expectsContinue) exchange.response.writeContinue();
    message.intake = new Intake(this.#services, exchange, route, request, bodyLimit);
    message.on('data', onData).on('end', onEnd).on('close', onClose);
  }

  #withoutRoute(exchange: Exchange, request: IntakeRequest): void {
    const { path, method } = request;
    if (path !== '/healthz' && path !== '/readyz') {
      this.#refuse(exchange, request, null, 'not_found', this.#noRoute(request));
    } else if (method !== 'GET' && method !== 'HEAD') {
      this.#refuse(exchange, request, null, 'method_not_allowed', `${path} answers GET`, { allow: 'GET, HEAD' });
    } else if (path === '/healthz') {
      answerJson(exchange.response, 200, '{"status":"ok"}', this.#services.closing);
    } else {
      const reasons = this.#reasonsNotReady();
      const body = reasons.length === 0 ? { status: 'ready' } : { status: 'unavailable', reasons };
      answerJson(exchange.response, reasons.length === 0 ? 200 : 503, JSON.stringify(body), this.#services.closing);
    }
  }

  /** A path is compared letter by letter, so what is nearly one is worth a word. */
  #noRoute({ path, head }: IntakeRequest): string {
    const shown = path.length > SHOWN_PATH_CHARS ? `${path.slice(0, SHOWN_PATH_CHARS)}…` : path;
    const near = this.settings.nearPaths.get(looseForm(path));
    const lookalike = anyLookalike(head.headers);
    return [
      `no route has the path ${shown}`,
      ...(near === undefined ? [] : [`the route ${near.name} has ${near.path}`]),
      ...(lookalike === null ? [] : [`it looks like a request of ${lookalike.label}, by its ${lookalike.header} header`]),
    ].join('; ');
  }

  #reasonsNotReady(): string[] {
    const reasons = new Set(this.#notReady());
    const unavailable = this.#services.log.unavailable();
    if (unavailable !== null) reasons.add(unavailable);
    if (this.draining) reasons.add('shutting_down');
    return [...reasons];
  }

  #refuse(
    { message, response }: Exchange,
    request: IntakeRequest,
    route: Route | null,
    code: RefusalCode,
    explanation: string,
    { allow = route?.allow ?? '', retryAfter }: { allow?: string; retryAfter?: number | undefined } = {},
  ): void {
    const { clock, refusals, closing } = this.#services;
    const { head, peer, method, path } = request;
    const problem = retryAfter === undefined ? PROBLEMS[code] : { ...PROBLEMS[code], retryAfter };
    answerProblem(message, response, problem, {
      unread: head.length,
      // After broken framing nobody knows where the next request begins.
      closing: closing || code === 'malformed_request',
      clock,
      ...(code === 'method_not_allowed' ? { allow } : {}),
    });
    const { headers, contentType } = head;
    const secrets = route?.rule.secrets ?? this.settings.anySecrets;
    const name = route?.name ?? null;
    refusals.report({ route: name, problem, explanation, peer, method, path, headers, contentType, body: null, secrets });
  }
}

interface Exchange {
  message: WebhookMessage;
  response: ServerResponse;
}

/** Servers must take `http://host/path` as well (RFC 9112 section 3.2.2). */
function originForm(target: string): string {
  if (target.startsWith('/')) return target;
  const url = URL.parse(target);
  return url === null ? target : url.pathname + url.search;
}
