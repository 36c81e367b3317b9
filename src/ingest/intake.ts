import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ProxyConfig } from '../config/types.ts';
import { BodyBuffer } from '../domain/body-buffer.ts';
import type { Clock } from '../domain/clock.ts';
import type { AppendResult, NewEvent } from '../domain/event.ts';
import type { Logger } from '../domain/logger.ts';
import type { KeyAddress } from '../providers/keys.ts';
import { type Acknowledged, acknowledge } from './acknowledgement.ts';
import { answerProblem, answerText } from './answers.ts';
import type { CappedLog } from './capped-log.ts';
import type { FloodBrake } from './flood-brake.ts';
import { type HandshakeRules, isProvable, recognise } from './handshake.ts';
import type { HandshakeWork } from './handshake-work.ts';
import type { RequestHead } from './head.ts';
import type { InFlightBytes } from './in-flight.ts';
import { inOrder } from './ordering-key.ts';
import type { EventLog, IngestObserver, ProxyOutcome } from './ports.ts';
import { PROBLEMS, type RefusalCode, withoutBody } from './problems.ts';
import { ReceivedRequest } from './received.ts';
import type { Refusals } from './refusals.ts';
import { eventType, isAttempted, plannedDeliveries, quarantined, type Route } from './route-table.ts';
import { type Verdict, type VerifiedRequest, verify } from './verify.ts';
import type { WaitingSenders } from './waiting-senders.ts';

/** What all requests share. */
export interface IntakeServices {
  log: EventLog;
  observer: IngestObserver;
  refusals: Refusals;
  brake: FloodBrake;
  /** Duplicates whose body is not the first one's. */
  conflicts: CappedLog;
  /** Events whose body does not match their route's schema, taken and held. */
  quarantines: CappedLog;
  handshakes: HandshakeWork;
  logger: Logger;
  clock: Clock;
  inFlight: InFlightBytes;
  /** On routes in proxy mode. */
  waiting: WaitingSenders;
  /** True once connections are to end with their answer. */
  closing: boolean;
}

/** A request whose head was read. */
export interface IntakeRequest {
  method: string;
  path: string;
  query: string;
  peer: string;
  head: RequestHead;
  /** Wall time, ms. */
  receivedAt: number;
  /** Monotonic time, ms. */
  startedAt: number;
}

/** What is logged of an answered request. */
interface AnswerRecord {
  route: string;
  eventId: string;
  type: string | null;
  dedupKey: string | null;
  peer: string;
  bodyBytes: number;
  seconds: number;
  /** What of the body does not match the route's schema; the event is held. */
  mismatch: string | null;
  proxied?: ProxyOutcome;
}

/**
 * One request on a route, from its head to its answer: it reads the body, has it verified, named and
 * appended, and answers. It is answered once, and its bytes are given back once, whatever comes first.
 */
export class Intake {
  readonly #services: IntakeServices;
  readonly #message: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #route: Route;
  readonly #request: IntakeRequest;
  readonly #bodyLimit: number;
  readonly #body = new BodyBuffer();
  #reserved = 0;
  #state: 'reading' | 'appending' | 'over' = 'reading';

  constructor(
    services: IntakeServices,
    exchange: { message: IncomingMessage; response: ServerResponse },
    route: Route,
    request: IntakeRequest,
    bodyLimit: number,
  ) {
    this.#services = services;
    this.#message = exchange.message;
    this.#response = exchange.response;
    this.#route = route;
    this.#request = request;
    this.#bodyLimit = bodyLimit;
  }

  /** A piece of the body has come. */
  take(chunk: Buffer): void {
    if (this.#state !== 'reading') return;
    if (this.#body.length + chunk.length > this.#bodyLimit) {
      this.#refuse('body_too_large', `the body is larger than the ${this.#bodyLimit} bytes of limits.body`);
      return;
    }
    const more = this.#body.sizeWith(chunk) - this.#reserved;
    if (!this.#services.inFlight.reserve(more)) {
      this.#refuse('in_flight_full', 'the bodies in flight use up limits.inFlight');
      return;
    }
    this.#reserved += more;
    this.#body.append(chunk);
  }

  /** The body is complete. */
  complete(): void {
    if (this.#state !== 'reading') return;
    this.#state = 'appending';
    this.#guarded(() => this.#accept(this.#body.bytes()));
  }

  #guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#services.logger.error({ err: error, route: this.#route.name }, 'ingest_failed');
      this.#refuse('internal_error', 'the relay failed on this request; its log has the error');
    }
  }

  /** The connection is gone. What is being appended goes on; what was only read is forgotten. */
  abandon(): void {
    if (this.#state === 'reading') this.#finish();
  }

  /** The order of semantics.md: verification, handshake, type, key, append. Handshakes that nobody signs come before. */
  #accept(body: Buffer): void {
    const { method, path, query, peer, receivedAt, head } = this.#request;
    const { contentType, headers } = head;
    const route = this.#route;
    const received = new ReceivedRequest({
      route: route.name,
      receivedAt,
      method,
      path,
      query,
      peer,
      contentType,
      headers,
      body,
    });
    if (this.#isHandshake(received, route.handshakes.before)) return;
    if (!route.methods.has(method)) {
      this.#refuse('method_not_allowed', `${method} is only taken for handshakes here`);
      return;
    }
    this.#judged(received, verify(received, route.rule), true);
  }

  /** @param mayLoad whether a key that is missing is fetched; afterwards it is there, or it cannot be had */
  #judged(received: ReceivedRequest, verdict: Verdict, mayLoad: boolean): void {
    switch (verdict.kind) {
      case 'refused':
        this.#refuse('verification_failed', verdict.explanation, received.body);
        return;
      case 'key_needed':
        if (mayLoad) this.#loadKey(received, verdict.key);
        else this.#withoutKey(received, verdict.key);
        return;
      case 'verified':
        this.#append(received, verdict.event);
        return;
      default:
        verdict satisfies never;
    }
  }

  /** Only requests of providers that publish their keys come here, and only until the key is known. */
  #loadKey(received: ReceivedRequest, key: KeyAddress): void {
    const { rule } = this.#route;
    void rule.keys.load(key).then((loaded) =>
      this.#guarded(() => {
        if (loaded) this.#judged(received, verify(received, rule), false);
        else this.#withoutKey(received, key);
      }),
    );
  }

  /** Nobody knows whether the sender is right, so it is told to come again. */
  #withoutKey({ body }: ReceivedRequest, { url }: KeyAddress): void {
    this.#refuse(
      'key_unavailable',
      `the provider's key could not be had from ${new URL(url).host}: can the relay reach it? The provider is asked to come again`,
      body,
    );
  }

  /** Handshake, type, key, append. */
  #append(received: ReceivedRequest, event: VerifiedRequest): void {
    const route = this.#route;
    if (route.handshakes.provesToAnybody && isProvable(received.body)) {
      this.#refuse('verification_failed', 'the body could be a challenge, and its signature the answer to it');
      return;
    }
    if (this.#isHandshake(received, route.handshakes.after)) return;
    event.type = eventType(received, route.typeSources);
    event.dedup = route.key(received);
    const mismatch = route.schema === null ? null : route.schema.check(received.payload());
    if (mismatch !== null && route.schema?.onInvalid === 'refuse') {
      this.#refuse('schema_refused', mismatch, received.body);
      return;
    }
    const planned = plannedDeliveries(route.plan, event.type);
    const deliveries = mismatch === null ? planned : quarantined(planned, `schema_invalid: ${mismatch}`);
    const ordered = route.ordering === null ? deliveries : inOrder(deliveries, route.ordering, received);
    this.#services.log.append(event, ordered).then(
      (result) => this.#answer(event, result, mismatch),
      (error: unknown) => {
        // The port says that this does not happen; a sender must not be left waiting if it does.
        this.#services.logger.error({ err: error, route: route.name }, 'append_rejected');
        this.#answer(event, { kind: 'unavailable', reason: 'storage_failing' }, null);
      },
    );
  }

  /** Answers a handshake; it touches neither store nor keys. @returns false when the request is none */
  #isHandshake(received: ReceivedRequest, handshakes: HandshakeRules['before']): boolean {
    const step = recognise(received, handshakes);
    if (step.kind === 'none') return false;
    void this.#services.handshakes.end(step, received).then((end) =>
      this.#guarded(() => {
        if (end.kind === 'answer') {
          this.#finish();
          answerText(this.#response, end.answer, this.#services.closing);
          return;
        }
        // The body is not kept with the refusal: it may hold the secret that was handed over.
        this.#refuse(end.code, end.explanation);
      }),
    );
    return true;
  }

  #answer(event: NewEvent, result: AppendResult, mismatch: string | null): void {
    if (result.kind === 'unavailable') {
      this.#refuse(result.reason, 'the event could not be stored');
      return;
    }
    this.#finish();
    const { route, type, peer, body } = event;
    const dedupKey = event.dedup?.key ?? null;
    const record = { route, eventId: result.eventId, type, dedupKey, peer, bodyBytes: body.length, seconds: 0, mismatch };
    const { proxy } = this.#route;
    // What is held gets no attempt whose answer could be waited for.
    if (proxy !== null && mismatch === null && isAttempted(this.#route, type)) {
      this.#wait(proxy, result, record);
      return;
    }
    acknowledge(this.#response, this.#route.acknowledgement, result, this.#services.closing);
    this.#tell(result, record);
  }

  /** Holds the record and not the event: its body would stay in memory, uncounted, for as long as the sender waits. */
  #wait(proxy: ProxyConfig, result: Acknowledged, record: AnswerRecord): void {
    const services = this.#services;
    const response = this.#response;
    const { acknowledgement } = this.#route;
    services.waiting.wait(
      {
        response,
        route: record.route,
        proxy,
        eventId: result.eventId,
        isFirst: result.kind === 'accepted',
        startedAt: this.#request.startedAt,
        acknowledge: () => acknowledge(response, acknowledgement, result, services.closing),
        answered: (outcome) => this.#tell(result, outcome === null ? record : { ...record, proxied: outcome }),
      },
      () => services.closing,
    );
  }

  /** At the default level only conflicts and quarantined events are logged: a line for each event cost a quarter of the throughput. */
  #tell(result: Acknowledged, record: AnswerRecord): void {
    const { logger, conflicts, quarantines, observer, clock } = this.#services;
    const seconds = (clock.monotonic() - this.#request.startedAt) / 1000;
    record.seconds = seconds;
    if (result.kind === 'accepted') {
      observer.accepted(record.route, seconds);
      if (record.mismatch === null) logger.debug(record, 'event_accepted');
      else quarantines.info(record);
      return;
    }
    observer.duplicate(record.route, result.conflict, seconds);
    if (result.conflict) conflicts.info(record);
    else logger.debug(record, 'event_duplicate');
  }

  #refuse(code: RefusalCode, explanation: string, body: Buffer | null = null): void {
    const { clock, closing, refusals, brake } = this.#services;
    const { head, peer, method, path } = this.#request;
    const { allow, emptyRefusals } = this.#route;
    const problem = PROBLEMS[code];
    this.#finish();
    const written = emptyRefusals ? withoutBody(problem) : problem;
    const options = { unread: head.length, closing, clock, ...(code === 'method_not_allowed' ? { allow } : {}) };
    const answer = (): void => answerProblem(this.#message, this.#response, written, options);
    if (code === 'verification_failed') brake.pass(answer);
    else answer();
    const { name, rule } = this.#route;
    const { headers, contentType } = head;
    const { secrets } = rule;
    refusals.report({ route: name, problem, explanation, peer, method, path, headers, contentType, body, secrets });
  }

  #finish(): void {
    if (this.#state === 'over') return;
    this.#state = 'over';
    this.#body.clear();
    this.#services.inFlight.release(this.#reserved);
    this.#reserved = 0;
  }
}
