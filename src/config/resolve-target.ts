import type { Path } from './fault.ts';
import { resolveHeaders } from './header-rules.ts';
import type { NamedFiles } from './named-files.ts';
import { resolveOrdering } from './ordering.ts';
import type { AuthConfig, OutgoingConfig, TargetTlsConfig } from './outgoing.ts';
import { resolveRetry } from './resolve-retry.ts';
import { type FileConfig, fileSchema } from './schema.ts';
import { shownUrl } from './shown-url.ts';
import type { TargetConfig, TargetLimits } from './types.ts';

export type FileTarget = FileConfig['targets'][string];

/** The defaults of everything that a URL in `deliver` does not say. */
export function targetAt(url: string): FileTarget {
  return fileSchema.shape.targets.unwrap().valueType.parse({ url });
}

function resolveAuth({ auth }: FileTarget): AuthConfig | null {
  if (auth === undefined) return null;
  const { bearer = '', username = '', password = '' } = auth;
  if (bearer !== '') return { kind: 'bearer', token: bearer };
  return username === '' && password === '' ? null : { kind: 'basic', username, password };
}

function resolveTls({ tls }: FileTarget, files: Origins['files']): TargetTlsConfig | null {
  if (tls === undefined) return null;
  const { ca, cert, key, serverName } = tls;
  return {
    caFile: ca === undefined ? null : files.absolute(ca),
    client: cert === undefined || key === undefined ? null : { certFile: files.absolute(cert), keyFile: files.absolute(key) },
    serverName: serverName ?? null,
  };
}

/** Where the values of a file came from. */
export interface Origins {
  files: Pick<NamedFiles, 'absolute'>;
  /** Whether a placeholder filled in the value at this place. */
  isFilled(path: Path): boolean;
}

function resolveOutgoing(name: string, target: FileTarget, { files, isFilled }: Origins): OutgoingConfig {
  return {
    auth: resolveAuth(target),
    headers: resolveHeaders(target.headers, (header) => isFilled(['targets', name, 'headers', 'add', header])),
    tls: resolveTls(target, files),
    proxy: target.proxy ?? null,
    http2: target.http2,
  };
}

function resolveLimits({ rateLimit, inFlight, breaker }: FileTarget): TargetLimits {
  const limits = { rate: rateLimit ?? null, inFlightBytes: inFlight ?? null };
  if (breaker === 'off') return { ...limits, breaker: null };
  const { failures, share, minimum, window, cooldown, maxCooldown } = breaker;
  const policy = { failures, share, minimum, windowMs: window, cooldownMs: cooldown, longestCooldownMs: maxCooldown };
  return { ...limits, breaker: policy };
}

/** A target as the relay uses it. */
export function resolveTarget(name: string, target: FileTarget, origins: Origins): TargetConfig {
  return {
    name,
    url: target.url,
    shownUrl: shownUrl(target.url),
    timeoutMs: target.timeout,
    concurrency: target.concurrency,
    retry: resolveRetry(target.retry),
    limits: resolveLimits(target),
    ordering: resolveOrdering(target.ordering),
    signingSecrets: target.sign?.secret ?? [],
    outgoing: resolveOutgoing(name, target, origins),
  };
}

/** A target of which only the URL is known, outside of any file. */
export function plainTarget(name: string, url: string): TargetConfig {
  return resolveTarget(name, targetAt(url), { files: { absolute: (path) => path }, isFilled: () => false });
}
