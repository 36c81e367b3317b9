import type { News } from './admin/news.ts';
import type { DeliverObserver } from './deliver/ports.ts';
import type { Settlement } from './domain/attempt.ts';
import type { LeasedDelivery } from './domain/leased-delivery.ts';
import type { IngestObserver } from './ingest/ports.ts';
import type { StoreObserver } from './store/sqlite/ports.ts';
import type { Alerts } from './telemetry/alerts.ts';
import type { LiveFigures } from './telemetry/live-figures.ts';
import type { Metrics } from './telemetry/metrics.ts';

/** Who is told of what happens in the relay. */
interface Told {
  metrics: Metrics;
  figures: LiveFigures;
  alerts: Alerts;
  news: News;
}

export function ingestObserver({ metrics: { ingest }, figures, alerts }: Told): IngestObserver {
  return {
    ...ingest,
    accepted(route, seconds) {
      ingest.accepted(route, seconds);
      figures.accepted(route, seconds);
    },
    duplicate(route, conflict, seconds) {
      ingest.duplicate(route, conflict, seconds);
      figures.duplicate(seconds);
    },
    rejected(route, reason, status) {
      ingest.rejected(route, reason, status);
      figures.rejected(route);
      alerts.refused(route, reason);
    },
  };
}

export function deliverObserver({ metrics, figures, alerts, news }: Told): DeliverObserver {
  return {
    ...metrics.deliver,
    attempt(target, outcome, statusCode, seconds) {
      metrics.deliver.attempt(target, outcome, statusCode, seconds);
      figures.attempt(target, outcome, seconds);
    },
    settled: (delivery, outcome) => tell(news, delivery, outcome),
    dead(target, deliveryId, reason) {
      metrics.deliver.dead(target, deliveryId, reason);
      alerts.deadLetter(target, deliveryId, reason);
    },
    breakerOpened(target, reason) {
      metrics.deliver.breakerOpened(target, reason);
      alerts.breakerOpened(target, reason);
    },
    breakerClosed(target, reason) {
      metrics.deliver.breakerClosed(target, reason);
      alerts.breakerClosed(target);
    },
  };
}

/** Those who watch look again after each commit. */
export function committedToo(observer: StoreObserver, news: News): StoreObserver {
  return {
    ...observer,
    committed(seconds, rows) {
      observer.committed(seconds, rows);
      news.stored();
    },
  };
}

/** Nothing is made for those who watch while nobody does. */
function tell(news: News, { id, target, event }: LeasedDelivery, outcome: Settlement['kind']): void {
  if (!news.isWatched) return;
  const status = outcome === 'retry' || outcome === 'paused' ? 'pending' : outcome;
  news.settled({ id, eventId: event.id, route: event.route, target, status });
}
