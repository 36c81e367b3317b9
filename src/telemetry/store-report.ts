import type { Logger } from '../domain/logger.ts';
import type { Alerts } from './alerts.ts';
import type { Metrics } from './metrics.ts';

/** What the store has to tell people. */
type StorageAlerts = Pick<Alerts, 'storageTrouble' | 'storageResolved' | 'storageNews'>;

/** What the store found at its start. Sequence numbers are those in the events' ids. */
export interface OpenedStore {
  created: boolean;
  recovered: boolean;
  migrationCopy: string | null;
  /** Ids of keys under which events are encrypted and that are not configured. */
  missingKeys: readonly string[];
  networkFileSystem: string | null;
  ballast: boolean;
  gap: { from: number; to: number; lastAt: number; otherDatabase: boolean } | null;
}

const TROUBLE: Record<string, string> = {
  disk_low: 'The disk has less room than storage.minFree: webhooks are refused until there is more.',
  disk_full: 'The disk is full: webhooks are refused until there is room again.',
  wal_full:
    'The write-ahead log has reached its limit: webhooks are refused until it can be emptied. Does another program read the database?',
  checkpoint_failing:
    'Pages cannot be moved from the write-ahead log into the database: webhooks are refused. Is the disk failing?',
  commit_stalled:
    'No commit has come back for 4 s: webhooks are refused until one does. Is the disk hanging, or does another program hold the database?',
  broken: 'The database or its disk failed: the relay ends, and starts again over what is on disk.',
};

/** Tells log, metrics and alerts of what the store does. */
export function storeObserver(metrics: Metrics, alerts: StorageAlerts, logger: Logger) {
  let alarmed = false;
  let troubled = false;
  return {
    ...metrics.store,
    trouble(reasons: readonly string[]): void {
      metrics.store.trouble(reasons);
      const [first] = reasons;
      const wasTroubled = troubled;
      troubled = first !== undefined;
      if (first === undefined) {
        if (!wasTroubled) return;
        logger.info({}, 'storage works again');
        alerts.storageResolved();
        return;
      }
      const message = TROUBLE[first] ?? first;
      logger.error({ reasons, explanation: message }, 'storage trouble');
      alerts.storageTrouble(first, message);
    },
    checkpointFailed(code: string): void {
      metrics.store.checkpointFailed(code);
      logger.error({ code }, 'checkpoint failed');
    },
    damaged(deliveryId: string): void {
      metrics.store.damaged(deliveryId);
      const message = 'What is stored of an event is not what was accepted; its delivery is held and not sent.';
      logger.error({ deliveryId, explanation: message }, 'stored event damaged');
      alerts.storageNews('event_damaged', message);
    },
    evicted(events: number, overfull: boolean): void {
      metrics.store.evicted(events);
      if (events > 0) {
        const explanation = 'The database was larger than storage.retention.maxSize: the oldest finished events were removed.';
        logger.warn({ events, explanation }, 'events removed for want of room');
      }
      if (!overfull) return;
      const explanation =
        'The database is larger than storage.retention.maxSize, and all that is left is pending, held, or keys that still count.';
      logger.warn({ explanation }, 'database too large');
    },
    walSize(walBytes: number): void {
      metrics.store.walSize(walBytes);
      alarmed = alarmed && walBytes > 0;
    },
    walAlarm(walBytes: number): void {
      if (alarmed) return;
      alarmed = true;
      const message =
        'The write-ahead log grows: another program keeps an old snapshot of the database open, or the disk is too slow.';
      logger.error({ walBytes, explanation: message }, 'write-ahead log too long');
      alerts.storageNews('wal_long', message);
    },
  };
}

/** Says what the store found, loudest what is lost. */
export function reportOpened(report: OpenedStore, file: string, logger: Logger, alerts: StorageAlerts): void {
  const { created, recovered, migrationCopy, networkFileSystem, ballast, gap, missingKeys } = report;
  logger.info({ file, created, recovered, migrationCopy }, 'store opened');
  if (networkFileSystem !== null) {
    const explanation = 'Locks and fsync cannot be trusted there. Put the database on a local disk.';
    logger.warn({ file, fileSystem: networkFileSystem, explanation }, 'database on a network file system');
  }
  if (missingKeys.length > 0) {
    const explanation = `Events are encrypted under ${missingKeys.join(', ')}, which storage.encryption does not have: they are held and cannot be read until it is back.`;
    logger.error({ file, missingKeys, explanation }, 'encryption key missing');
    alerts.storageNews('key_missing', explanation);
  }
  if (!ballast) logger.warn({ file }, 'not enough room for the reserve that helps out of a full disk');
  if (gap === null) return;
  const lastAt = new Date(gap.lastAt).toISOString();
  const missing = `${gap.to - gap.from + 1} events that were acknowledged (numbers ${gap.from} to ${gap.to}, the last one at ${lastAt}) are not in the database`;
  const cause = gap.otherDatabase
    ? 'it is not the one that was here before. Was it removed or replaced?'
    : 'it ends before them. Was an older copy put in its place, or is the disk failing?';
  const explanation = `${missing}: ${cause} Ask the providers to send again what they sent before then.`;
  logger.error({ file, ...gap, lastAt, explanation }, 'acknowledged events are missing');
  alerts.storageNews('events_missing', explanation);
}
