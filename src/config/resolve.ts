import { resolveAlerts } from './alert-schema.ts';
import type { NamedFiles } from './named-files.ts';
import { resolveRedact } from './redact-schema.ts';
import { inlineTargets, resolveDeliver, resolveProxy } from './resolve-deliver.ts';
import { type Origins, resolveTarget } from './resolve-target.ts';
import { resolveVerify } from './resolve-verify.ts';
import { resolveRetention } from './retention.ts';
import { DEDUP_WINDOW_MS, type FileConfig } from './schema.ts';
import { databasePath } from './storage-schema.ts';
import type {
  AdminToken,
  Config,
  DedupConfig,
  HandshakeConfig,
  RespondConfig,
  RouteConfig,
  SchemaConfig,
  VerifyConfig,
} from './types.ts';

type FileRoute = FileConfig['routes'][string];

function resolveDedup(dedup: FileRoute['dedup'], verify: VerifyConfig): DedupConfig {
  const settings = typeof dedup === 'string' ? { key: dedup, window: DEDUP_WINDOW_MS } : (dedup ?? { window: DEDUP_WINDOW_MS });
  const { key, window: windowMs } = settings;
  // Without a provider, or with one whose events carry none, there is no key of its own.
  const hasKey = verify.provider !== 'none' && verify.id.length > 0;
  if (key === 'none' || (key === undefined && !hasKey)) return { kind: 'none' };
  if (key === undefined) return { kind: 'preset', windowMs };
  if (key === 'body') return { kind: 'body', windowMs };
  const [kind, where] = [key.slice(0, key.indexOf(':')), key.slice(key.indexOf(':') + 1)];
  return kind === 'header' ? { kind, name: where.toLowerCase(), windowMs } : { kind: 'body-path', path: where, windowMs };
}

function resolveHandshake(handshake: FileRoute['handshake']): HandshakeConfig {
  const { verifyToken = [], topic = [] } = handshake ?? {};
  return { verifyToken, topic: typeof topic === 'string' ? [topic] : topic };
}

function resolveSchema({ schema }: FileRoute, files: NamedFiles): SchemaConfig | null {
  if (schema === undefined) return null;
  const compiled = files.bodySchema(schema.file);
  if (compiled?.kind !== 'compiled') throw new Error(`${schema.file} was to be checked before`);
  return { file: files.absolute(schema.file), onInvalid: schema.onInvalid, check: compiled.check };
}

function resolveRespond({ respond }: FileRoute): RespondConfig | null {
  if (respond === undefined) return null;
  return { status: respond.status, headers: Object.entries(respond.headers), body: respond.body ?? null };
}

interface RouteSettings {
  publicUrl: string | null;
  limits: FileConfig['limits'];
  files: NamedFiles;
  redact: FileConfig['redact'];
}

function resolveRoute(name: string, route: FileRoute, { publicUrl, limits, files, redact }: RouteSettings): RouteConfig {
  const verify = resolveVerify(route.verify, publicUrl);
  return {
    name,
    path: route.path,
    methods: [...new Set(route.methods)],
    verify,
    dedup: resolveDedup(route.dedup, verify),
    handshake: resolveHandshake(route.handshake),
    deliver: resolveDeliver(name, route),
    keepMs: route.keep ?? null,
    proxy: resolveProxy(name, route),
    admission: {
      sources: route.sources ?? null,
      requireHttps: route.requireHttps,
      rateLimit: route.rateLimit ?? null,
      backlog: route.backlog ?? limits.backlog,
    },
    schema: resolveSchema(route, files),
    respond: resolveRespond(route),
    redact: resolveRedact(redact, route.redact),
  };
}

function adminTokens({ token = [], tokens }: FileConfig['admin']): AdminToken[] {
  return [
    ...token.map((secret): AdminToken => ({ name: 'admin', role: 'operator', token: secret })),
    ...tokens.flatMap(({ name, role, token: secrets }) => secrets.map((secret): AdminToken => ({ name, role, token: secret }))),
  ];
}

/**
 * The configuration as the relay uses it.
 * @param file absolute path of the file, or null
 * @param origins what the file names, checked before, and what was filled in
 */
export function resolveConfig(parsed: FileConfig, file: string | null, origins: Origins & { files: NamedFiles }): Config {
  const { files } = origins;
  const targets = [...Object.entries(parsed.targets), ...inlineTargets(parsed.routes)];
  const publicUrl = parsed.publicUrl ?? null;
  const settings = { publicUrl, limits: parsed.limits, files, redact: parsed.redact };
  return {
    file,
    listen: parsed.listen,
    tls: parsed.tls === undefined ? null : { certFile: files.absolute(parsed.tls.cert), keyFile: files.absolute(parsed.tls.key) },
    publicUrl,
    trustedProxies: parsed.trustedProxies,
    admin: {
      listen: parsed.admin.listen,
      tokens: adminTokens(parsed.admin),
      callbackSecrets: parsed.admin.callbackSecret ?? [],
      callbackAllow: parsed.admin.callbackAllow,
    },
    storage: {
      file: files.absolute(databasePath(parsed.storage.url)),
      minFree: parsed.storage.minFree,
      retention: resolveRetention(parsed.storage.retention),
      encryption: (parsed.storage.encryption?.keys ?? []).map(({ id, key: { bytes: key, text } }) => ({ id, key, text })),
    },
    limits: parsed.limits,
    alerts: resolveAlerts(parsed.alert),
    redact: resolveRedact(parsed.redact),
    targets: new Map(targets.map(([name, target]) => [name, resolveTarget(name, target, origins)])),
    routes: new Map(Object.entries(parsed.routes).map(([name, route]) => [name, resolveRoute(name, route, settings)])),
  };
}
