import type { FileConfig } from './schema.ts';
import type { Config, RetentionConfig } from './types.ts';
import { formatDuration, formatSize } from './units.ts';

type FileRetention = FileConfig['storage']['retention'];

export function resolveRetention(retention: FileRetention): RetentionConfig {
  const { delivered, dead, filtered, cancelled, bodies, rejections, maxSize } = retention;
  return {
    deliveredMs: delivered,
    deadMs: dead,
    filteredMs: filtered ?? delivered,
    cancelledMs: cancelled ?? delivered,
    bodiesMs: bodies ?? null,
    rejectionsMs: rejections,
    maxSize: maxSize ?? null,
  };
}

/** As the store's upkeep takes it: the ages, and those of routes that have their own. */
export function retentionAges({ storage, routes }: Config): RetentionConfig & { keepMs: ReadonlyMap<string, number> } {
  const own = [...routes.values()].flatMap(({ name, keepMs }) => (keepMs === null ? [] : [[name, keepMs] as const]));
  return { ...storage.retention, keepMs: new Map(own) };
}

export function retentionShown(retention: RetentionConfig): object {
  const { deliveredMs, deadMs, filteredMs, cancelledMs, bodiesMs, rejectionsMs, maxSize } = retention;
  return {
    delivered: formatDuration(deliveredMs),
    dead: formatDuration(deadMs),
    filtered: formatDuration(filteredMs),
    cancelled: formatDuration(cancelledMs),
    bodies: bodiesMs === null ? null : formatDuration(bodiesMs),
    rejections: formatDuration(rejectionsMs),
    maxSize: maxSize === null ? null : formatSize(maxSize),
  };
}
