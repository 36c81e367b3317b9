import type { NamedFiles } from './named-files.ts';
import { resolveVerify } from './resolve-verify.ts';
import { DEDUP_WINDOW_MS, type FileConfig, fileSchema } from './schema.ts';
import { shownUrl } from './shown-url.ts';
import type {
  Config,
  DedupConfig,
  EdgeConfig,
  HandshakeConfig,
  ProxyConfig,
  RespondConfig,
  RouteConfig,
  SchemaConfig,
  TargetConfig,
  VerifyConfig,
} from './types.ts';
import { looksLikeUrl } from './urls.ts';

type FileTarget = FileConfig['targets'][string];
type FileRoute = FileConfig['routes'][string];

function resolveTarget(name: string, target: FileTarget): TargetConfig {
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

interface Edge {
  /** A name or a URL. */
  reference: string;
  events: readonly string[] | null;
  answers: boolean;
}

function edgesOf(deliver: FileRoute['deliver']): Edge[] {
  return (Array.isArray(deliver) ? deliver : [deliver]).map((entry) =>
    typeof entry === 'string'
      ? { reference: entry, events: null, answers: false }
      : { reference: entry.target, events: entry.events ?? null, answers: entry.answers ?? false },
  );
}

function resolveProxy(name: string, { mode, deadline, deliver }: FileRoute): ProxyConfig | null {
  const edges = edgesOf(deliver);
  const [only] = edges;
  const answering = edges.find(({ answers }) => answers) ?? only;
  if (mode === 'queue' || answering === undefined) return null;
  return { target: targetName(name, answering), deadlineMs: deadline };
}

function targetName(route: string, { reference }: Edge): string {
  return looksLikeUrl(reference) ? route : reference;
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
}

function resolveRoute(name: string, route: FileRoute, { publicUrl, limits, files }: RouteSettings): RouteConfig {
  const verify = resolveVerify(route.verify, publicUrl);
  return {
    name,
    path: route.path,
    methods: [...new Set(route.methods)],
    verify,
    dedup: resolveDedup(route.dedup, verify),
    handshake: resolveHandshake(route.handshake),
    deliver: edgesOf(route.deliver).map((edge): EdgeConfig => ({ target: targetName(name, edge), events: edge.events })),
    proxy: resolveProxy(name, route),
    admission: {
      sources: route.sources ?? null,
      requireHttps: route.requireHttps,
      rateLimit: route.rateLimit ?? null,
      backlog: route.backlog ?? limits.backlog,
    },
    schema: resolveSchema(route, files),
    respond: resolveRespond(route),
  };
}

/** A URL in `deliver` makes a target with all defaults, named after its route. */
function inlineTargets(routes: FileConfig['routes']): [string, FileTarget][] {
  const { valueType } = fileSchema.shape.targets.unwrap();
  return Object.entries(routes).flatMap(([name, route]) =>
    edgesOf(route.deliver)
      .filter(({ reference }) => looksLikeUrl(reference))
      .map(({ reference }): [string, FileTarget] => [name, valueType.parse({ url: reference })]),
  );
}

/**
 * The configuration as the relay uses it.
 * @param file absolute path of the file, or null
 * @param files what the file names, checked before
 */
export function resolveConfig(parsed: FileConfig, file: string | null, files: NamedFiles): Config {
  const { delivered, dead, rejections } = parsed.storage.retention;
  const targets = [...Object.entries(parsed.targets), ...inlineTargets(parsed.routes)];
  const publicUrl = parsed.publicUrl ?? null;
  const settings = { publicUrl, limits: parsed.limits, files };
  return {
    file,
    listen: parsed.listen,
    tls: parsed.tls === undefined ? null : { certFile: files.absolute(parsed.tls.cert), keyFile: files.absolute(parsed.tls.key) },
    publicUrl,
    trustedProxies: parsed.trustedProxies,
    admin: { listen: parsed.admin.listen, tokens: parsed.admin.token ?? [] },
    storage: {
      file: files.absolute(parsed.storage.url.slice('sqlite:'.length).replace(/^\/+/, '/')),
      minFree: parsed.storage.minFree,
      retention: { deliveredMs: delivered, deadMs: dead, rejectionsMs: rejections },
    },
    limits: parsed.limits,
    alert: parsed.alert ?? null,
    targets: new Map(targets.map(([name, target]) => [name, resolveTarget(name, target)])),
    routes: new Map(Object.entries(parsed.routes).map(([name, route]) => [name, resolveRoute(name, route, settings)])),
  };
}
