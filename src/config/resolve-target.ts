import { type FileConfig, fileSchema } from './schema.ts';
import { shownUrl } from './shown-url.ts';
import type { TargetConfig } from './types.ts';

export type FileTarget = FileConfig['targets'][string];

/** The defaults of everything that a URL in `deliver` does not say. */
export function targetAt(url: string): FileTarget {
  return fileSchema.shape.targets.unwrap().valueType.parse({ url });
}

/** A target as the relay uses it. */
export function resolveTarget(name: string, target: FileTarget): TargetConfig {
  const { attempts, initial, factor, max, jitter } = target.retry;
  return {
    name,
    url: target.url,
    shownUrl: shownUrl(target.url),
    timeoutMs: target.timeout,
    concurrency: target.concurrency,
    retry: { attempts, initialMs: initial, factor, maxMs: max, jitter },
    signingSecrets: target.sign?.secret ?? [],
  };
}
