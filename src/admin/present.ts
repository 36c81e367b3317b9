import type { z } from 'zod';
import { shownHost } from '../config/shown-url.ts';
import type { Attempt } from '../domain/attempt.ts';
import type { HeaderList } from '../domain/event.ts';
import type { Page } from '../domain/listing.ts';
import type { Redaction } from '../domain/redaction.ts';
import { learnsSecret } from '../providers/handshakes.ts';
import type { Context } from './endpoint.ts';
import { maskedBody } from './event-body.ts';
import type * as ports from './ports.ts';
import type * as shapes from './shapes.ts';

/** Turns what the ports give into what the API answers. */
type Json<Schema extends z.ZodType> = z.output<Schema>;
type Showing = Pick<Context, 'ports' | 'settings'>;

/** Wall ms as ISO 8601 UTC. */
export const iso = (ms: number): string => new Date(ms).toISOString();
export const isoOrNull = (ms: number | null): string | null => (ms === null ? null : iso(ms));

export const pairs = (headers: HeaderList): [string, string][] => headers.map(([name, value]) => [name, value]);

/** What a target answers may echo what it was sent: its headers are masked by the same names. */
function attemptJson(attempt: Attempt, mask: Redaction): Json<typeof shapes.attempt> {
  const { response } = attempt;
  return {
    number: attempt.number,
    trigger: attempt.trigger,
    startedAt: iso(attempt.startedAt),
    durationMs: attempt.durationMs,
    outcome: attempt.outcome,
    statusCode: attempt.statusCode,
    error: attempt.error,
    response: response === null ? null : { ...response, headers: pairs(mask.headers(response.headers)) },
  };
}

export function deliveryJson(view: ports.DeliveryView, { ports, settings }: Showing): Json<typeof shapes.delivery> {
  const budget = settings.attempts.get(view.target);
  return {
    id: view.id,
    eventId: view.eventId,
    route: view.route,
    target: view.target,
    status: view.status === 'pending' && ports.dispatching.isRunning(view.id) ? 'delivering' : view.status,
    reason: view.reason,
    attempts: view.attempts,
    // A retry by an operator begins a fresh budget, while attempts go on counting.
    maxAttempts: budget === undefined || budget === null ? null : view.budgetStart + budget,
    nextAttemptAt: isoOrNull(view.nextAttemptAt),
    createdAt: iso(view.createdAt),
    finishedAt: isoOrNull(view.finishedAt),
    orderingKey: view.orderingKey,
    waitsFor: view.waitsFor,
    lastAttempt: view.lastAttempt === null ? null : attemptJson(view.lastAttempt, settings.redactions.of(view.route)),
  };
}

export function deliveryDetailJson(view: ports.DeliveryDetail, showing: Showing): Json<typeof shapes.deliveryDetail> {
  const mask = showing.settings.redactions.of(view.route);
  return { ...deliveryJson(view, showing), history: view.history.map((attempt) => attemptJson(attempt, mask)) };
}

/** @param isMasked whether its body is: then the hash goes too, with which a value could be found out a guess at a time */
export function eventFields(view: ports.EventView, isMasked: boolean) {
  const { id, route, type, dedupKey, receivedAt, method, path, query, peer, contentType, size } = view;
  const sha256 = isMasked ? null : view.sha256;
  const { bodyGone, duplicates, conflicts } = view;
  return {
    ...{ id, route, type, dedupKey, receivedAt: iso(receivedAt), method, path, query, peer },
    ...{ contentType, size, sha256, bodyGone, duplicates, conflicts },
  };
}

export function eventJson(view: ports.EventSummary, { settings }: Pick<Showing, 'settings'>): Json<typeof shapes.event> {
  const { masksBodies } = settings.redactions.of(view.route);
  return { ...eventFields(view, masksBodies), statuses: view.statuses };
}

export function eventDetailJson(view: ports.EventDetail, showing: Showing): Json<typeof shapes.eventDetail> {
  const deliveries = view.deliveries.map((delivery) => deliveryJson(delivery, showing));
  const { headers, masksBodies } = showing.settings.redactions.of(view.route);
  return { ...eventFields(view, masksBodies), headers: pairs(headers(view.headers)), deliveries };
}

/** An event as the stream tells it; the body in base64, for it may be anything. */
export function fedEventJson(view: ports.FedEvent, showing: Showing, raw: boolean): Json<typeof shapes.fedEvent> {
  const { content } = view;
  const deliveries = view.deliveries.map((delivery) => deliveryJson(delivery, showing));
  const mask = showing.settings.redactions.of(view.route);
  if (content === null) return { ...eventFields(view, mask.masksBodies), deliveries };
  const { headers, body } = content;
  const isMasked = mask.masksBodies && !raw;
  const shown = isMasked ? Buffer.from(maskedBody(body, mask)) : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  return {
    ...eventFields(view, isMasked),
    deliveries,
    headers: pairs(raw ? headers : mask.headers(headers)),
    bodyBase64: shown.toString('base64'),
    ...(isMasked ? { redacted: true } : {}),
  };
}

export function auditJson(view: ports.AuditView): Json<typeof shapes.audit> {
  return { ...view, at: iso(view.at) };
}

/** Where the file of an export is, as long as it has one. */
export function resultUrl(view: ports.TaskView, exports: ports.Exports): string | null {
  return keptUntil(view, exports) === null ? null : `/api/v1/tasks/${view.id}/download`;
}

const keptUntil = (view: ports.TaskView, exports: ports.Exports): number | null =>
  view.kind === 'export' ? exports.keptUntil(view) : null;

export function taskJson(view: ports.TaskView, { exports }: Pick<ports.AdminPorts, 'exports'>): Json<typeof shapes.task> {
  const { id, kind, status, matched, done, failed, createdAt, finishedAt, error, callback } = view;
  return {
    id,
    kind,
    status,
    matched,
    done,
    failed,
    createdAt: iso(createdAt),
    finishedAt: isoOrNull(finishedAt),
    error,
    resultUrl: resultUrl(view, exports),
    resultExpiresAt: isoOrNull(keptUntil(view, exports)),
    callback: callback === null ? null : { url: shownHost(callback.url), state: callback.state },
  };
}

export function rejectionJson(view: ports.RejectionView, { settings }: Showing): Json<typeof shapes.rejection> {
  const { id, route, at, reason, explanation, peer, status } = view;
  const mask = settings.redactions.of(route);
  const shown = { headers: pairs(mask.headers(view.headers)), bodyStart: mask.body(view.bodyStart) };
  return { id, route, at: iso(at), reason, explanation, peer, status, ...shown };
}

export function targetJson(view: ports.TargetView): Json<typeof shapes.target> {
  const { name, url, state, since, reason, nextProbeAt, concurrency, rateLimit, inFlight, maxAttempts, counts, oldestDueAt } =
    view;
  return {
    ...{ name, url, state, since: isoOrNull(since), reason, nextProbeAt: isoOrNull(nextProbeAt) },
    ...{ concurrency, rateLimit, inFlight, maxAttempts, counts },
    oldestDueAt: isoOrNull(oldestDueAt),
  };
}

export function alertJson({ since, endedAt, detail, ...view }: ports.AlertView): Json<typeof shapes.alert> {
  return { ...view, detail: { ...detail }, since: iso(since), endedAt: isoOrNull(endedAt) };
}

export function learningJson({ armedUntil, learnedAt, hasSecret }: ports.LearningView): Json<typeof shapes.learningShown> {
  return { armedUntil: isoOrNull(armedUntil), learnedAt: isoOrNull(learnedAt), hasSecret };
}

export function routeJson(view: ports.RouteView, { ports }: Showing): Json<typeof shapes.route> {
  const seen = ports.figures.route(view.name);
  return {
    ...view,
    handshake: learnsSecret(view.provider) ? learningJson(ports.learning.view(view.name)) : null,
    methods: [...view.methods],
    acceptedAt: isoOrNull(seen.acceptedAt),
    rejectedAt: isoOrNull(seen.rejectedAt),
    deliver: view.deliver.map((edge) => ({ ...edge, events: edge.events === null ? null : [...edge.events] })),
  };
}

/** A page with each entry turned. */
export function pageJson<View, Item>(page: Page<View>, turn: (view: View) => Item): { data: Item[]; nextCursor: string | null } {
  return { data: page.data.map(turn), nextCursor: page.nextCursor };
}
