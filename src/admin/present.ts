import type { z } from 'zod';
import type { Attempt } from '../domain/attempt.ts';
import type { HeaderList } from '../domain/event.ts';
import type { Page } from '../domain/listing.ts';
import { learnsSecret } from '../providers/handshakes.ts';
import type { Context } from './endpoint.ts';
import type * as ports from './ports.ts';
import type * as shapes from './shapes.ts';

/** Turns what the ports give into what the API answers. */
type Json<Schema extends z.ZodType> = z.output<Schema>;
type Showing = Pick<Context, 'ports' | 'settings'>;

/** Wall ms as ISO 8601 UTC. */
const iso = (ms: number): string => new Date(ms).toISOString();
const isoOrNull = (ms: number | null): string | null => (ms === null ? null : iso(ms));

const pairs = (headers: HeaderList): [string, string][] => headers.map(([name, value]) => [name, value]);

export function attemptJson(attempt: Attempt): Json<typeof shapes.attempt> {
  const { response } = attempt;
  return {
    number: attempt.number,
    trigger: attempt.trigger,
    startedAt: iso(attempt.startedAt),
    durationMs: attempt.durationMs,
    outcome: attempt.outcome,
    statusCode: attempt.statusCode,
    error: attempt.error,
    response: response === null ? null : { ...response, headers: pairs(response.headers) },
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
    lastAttempt: view.lastAttempt === null ? null : attemptJson(view.lastAttempt),
  };
}

export function deliveryDetailJson(view: ports.DeliveryDetail, showing: Showing): Json<typeof shapes.deliveryDetail> {
  return { ...deliveryJson(view, showing), history: view.history.map(attemptJson) };
}

function eventFields(view: ports.EventView) {
  const { id, route, type, dedupKey, receivedAt, method, path, query, peer, contentType, size, sha256 } = view;
  const { bodyGone, duplicates, conflicts } = view;
  return {
    ...{ id, route, type, dedupKey, receivedAt: iso(receivedAt), method, path, query, peer },
    ...{ contentType, size, sha256, bodyGone, duplicates, conflicts },
  };
}

export function eventJson(view: ports.EventSummary): Json<typeof shapes.event> {
  return { ...eventFields(view), statuses: view.statuses };
}

export function eventDetailJson(view: ports.EventDetail, showing: Showing): Json<typeof shapes.eventDetail> {
  const deliveries = view.deliveries.map((delivery) => deliveryJson(delivery, showing));
  return { ...eventFields(view), headers: pairs(view.headers), deliveries };
}

/** An event as the stream tells it; the body in base64, for it may be anything. */
export function fedEventJson(view: ports.FedEvent, showing: Showing): Json<typeof shapes.fedEvent> {
  const { content } = view;
  const deliveries = view.deliveries.map((delivery) => deliveryJson(delivery, showing));
  if (content === null) return { ...eventFields(view), deliveries };
  return {
    ...eventFields(view),
    deliveries,
    headers: pairs(content.headers),
    bodyBase64: Buffer.from(content.body.buffer, content.body.byteOffset, content.body.byteLength).toString('base64'),
  };
}

export function auditJson(view: ports.AuditView): Json<typeof shapes.audit> {
  return { ...view, at: iso(view.at) };
}

export function taskJson(view: ports.TaskView): Json<typeof shapes.task> {
  const { id, kind, status, matched, done, failed, createdAt, finishedAt } = view;
  return {
    id,
    kind,
    status,
    matched,
    done,
    failed,
    createdAt: iso(createdAt),
    finishedAt: isoOrNull(finishedAt),
    resultUrl: null,
  };
}

export function rejectionJson(view: ports.RejectionView): Json<typeof shapes.rejection> {
  const { id, route, at, reason, explanation, peer, status, headers, bodyStart } = view;
  return { id, route, at: iso(at), reason, explanation, peer, status, headers: pairs(headers), bodyStart };
}

export function targetJson(view: ports.TargetView): Json<typeof shapes.target> {
  const { name, url, state, since, reason, concurrency, inFlight, maxAttempts, counts, oldestDueAt } = view;
  return {
    ...{ name, url, state, since: isoOrNull(since), reason, concurrency, inFlight, maxAttempts, counts },
    oldestDueAt: isoOrNull(oldestDueAt),
  };
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
