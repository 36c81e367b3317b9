import { effectiveConfig } from '../config/effective.ts';
import type { Config, DedupConfig, EdgeConfig, RouteConfig } from '../config/types.ts';
import { type Redactions, redactions } from '../domain/redaction.ts';
import type { AdminSettings, EdgeView, RouteView } from './ports.ts';

/** What the admin API needs of a configuration. */
export function adminSettings(config: Config): AdminSettings {
  return {
    tokens: config.admin.tokens,
    routes: [...config.routes.values()].map((route) => routeView(route, config.publicUrl)),
    attempts: new Map([...config.targets.values()].map(({ name, retry }) => [name, retry.attempts])),
    callbacks: { secrets: config.admin.callbackSecrets, allow: config.admin.callbackAllow },
    redactions: redactionsOf(config),
    encrypted: config.storage.encryption.length > 0,
    shownConfig: effectiveConfig(config),
  };
}

function routeView({ name, path, methods, verify, dedup, deliver }: RouteConfig, publicUrl: string | null): RouteView {
  const url = publicUrl === null ? null : publicUrl.replace(/\/$/, '') + path;
  const dedupWindowMs = dedup.kind === 'none' ? null : dedup.windowMs;
  const edges = deliver.map(edgeView);
  return { name, path, url, methods, provider: verify.provider, dedup: dedupName(dedup), dedupWindowMs, deliver: edges };
}

function edgeView({ target, events, delayMs, rules }: EdgeConfig): EdgeView {
  const { filter, transform, addHeaders, removeHeaders, path } = rules ?? NO_RULES;
  const transforms = transform.body !== null || transform.headers !== null || addHeaders.length + removeHeaders.length > 0;
  return { target, events, filter, transforms, path: path === '' ? null : path, delayMs: delayMs ?? null };
}

const NO_RULES = { filter: null, transform: { body: null, headers: null }, addHeaders: [], removeHeaders: [], path: '' } as const;

function dedupName(dedup: DedupConfig): string {
  switch (dedup.kind) {
    case 'none':
    case 'preset':
    case 'body':
      return dedup.kind;
    case 'header':
      return `header:${dedup.name}`;
    case 'body-path':
      return `body:${dedup.path}`;
    default:
      return dedup satisfies never;
  }
}

const made = new WeakMap<Config, Redactions>();

/** What is masked where events are shown; made once for each configuration. */
export function redactionsOf(config: Config): Redactions {
  const known = made.get(config);
  if (known !== undefined) return known;
  const routes = new Map([...config.routes].map(([name, { redact }]) => [name, redact]));
  const masks = redactions(routes, config.redact);
  made.set(config, masks);
  return masks;
}
