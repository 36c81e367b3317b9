import type { SenderCredential } from '../providers/sender.ts';
import { alertSecrets, alertsShown } from './alert-schema.ts';
import { limitsShown } from './limits-shown.ts';
import { orderingShown } from './ordering.ts';
import { outgoingSecrets, outgoingShown } from './outgoing-shown.ts';
import { retentionShown } from './retention.ts';
import { retryShown } from './retry-shown.ts';
import { rulesShown } from './rules-shown.ts';
import { hidden } from './shown-secret.ts';
import { HIDDEN } from './shown-url.ts';
import type {
  AdminToken,
  Config,
  DedupConfig,
  EdgeConfig,
  EncryptionKeyConfig,
  HandshakeConfig,
  ListenAddress,
  RouteConfig,
  TargetConfig,
} from './types.ts';
import { formatDuration, formatRate, formatSize } from './units.ts';
import { verifyShown } from './verify-shown.ts';

function address({ host, port }: ListenAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

function tokensShown(all: readonly AdminToken[]): object {
  const secretsOf = (name: string): string[] => all.filter((each) => each.name === name).map(({ token }) => token);
  const named = new Map(all.filter(({ name }) => name !== 'admin').map(({ name, role }) => [name, role]));
  const tokens = [...named].map(([name, role]) => ({ name, token: hidden(secretsOf(name)), role }));
  return { token: hidden(secretsOf('admin')), tokens };
}

function targetShown(target: TargetConfig): object {
  return {
    url: target.shownUrl,
    timeout: formatDuration(target.timeoutMs),
    concurrency: target.concurrency,
    ...limitsShown(target.limits),
    retry: retryShown(target.retry),
    ordering: orderingShown(target.ordering),
    sign: target.signingSecrets.length === 0 ? null : { secret: hidden(target.signingSecrets) },
    ...outgoingShown(target.outgoing),
  };
}

function dedupShown(dedup: DedupConfig): object | string {
  switch (dedup.kind) {
    case 'none':
      return 'none';
    case 'preset':
      return { window: formatDuration(dedup.windowMs) };
    case 'header':
      return { key: `header:${dedup.name}`, window: formatDuration(dedup.windowMs) };
    case 'body-path':
      return { key: `body:${dedup.path}`, window: formatDuration(dedup.windowMs) };
    case 'body':
      return { key: 'body', window: formatDuration(dedup.windowMs) };
    default:
      return dedup satisfies never;
  }
}

function handshakeShown({ verifyToken, topic }: HandshakeConfig): object | null {
  return verifyToken.length + topic.length === 0 ? null : { verifyToken: hidden(verifyToken), topic };
}

/** @param answers whether it has to be said that this is the target that answers */
function edgeShown({ target, events, delayMs, rules }: EdgeConfig, answers: boolean): object | string {
  const shown = {
    ...(events === null ? {} : { events }),
    ...(rules === undefined ? {} : rulesShown(rules)),
    ...(delayMs === undefined ? {} : { delay: formatDuration(delayMs) }),
    ...(answers ? { answers } : {}),
  };
  return Object.keys(shown).length === 0 ? target : { target, ...shown };
}

function doorShown({ admission, schema, respond }: RouteConfig): object {
  return {
    sources: admission.sources,
    requireHttps: admission.requireHttps,
    rateLimit: admission.rateLimit === null ? null : formatRate(admission.rateLimit),
    backlog: admission.backlog,
    schema: schema === null ? null : { file: schema.file, onInvalid: schema.onInvalid },
    respond: respond === null ? null : { ...respond, headers: Object.fromEntries(respond.headers) },
  };
}

function routeShown(route: RouteConfig): object {
  const { proxy, deliver } = route;
  return {
    path: route.path,
    methods: route.methods,
    verify: verifyShown(route.verify),
    dedup: dedupShown(route.dedup),
    handshake: handshakeShown(route.handshake),
    mode: proxy === null ? 'queue' : 'proxy',
    ...(proxy === null ? {} : { deadline: formatDuration(proxy.deadlineMs) }),
    deliver: deliver.map((edge) => edgeShown(edge, deliver.length > 1 && edge.target === proxy?.target)),
    redact: route.redact,
    keep: route.keepMs === null ? null : formatDuration(route.keepMs),
    ...doorShown(route),
  };
}

function encryptionShown(keys: readonly EncryptionKeyConfig[]): object | null {
  return keys.length === 0 ? null : { keys: keys.map(({ id }) => ({ id, key: HIDDEN })) };
}

function mapShown<T>(map: ReadonlyMap<string, T>, show: (value: T) => object): object {
  return Object.fromEntries([...map].map(([name, value]) => [name, show(value)]));
}

/**
 * The configuration in the shape of its file, with every default and every inline target written out. Secrets are replaced
 * by a mark, credentials in URLs are hidden; what is not configured is null.
 */
export function effectiveConfig(config: Config): object {
  return {
    listen: address(config.listen),
    tls: config.tls === null ? null : { cert: config.tls.certFile, key: config.tls.keyFile },
    publicUrl: config.publicUrl,
    trustedProxies: config.trustedProxies,
    admin: {
      listen: address(config.admin.listen),
      ...tokensShown(config.admin.tokens),
      callbackSecret: hidden(config.admin.callbackSecrets),
      callbackAllow: config.admin.callbackAllow,
    },
    storage: {
      url: `sqlite:${config.storage.file}`,
      minFree: formatSize(config.storage.minFree),
      retention: retentionShown(config.storage.retention),
      encryption: encryptionShown(config.storage.encryption),
    },
    limits: {
      body: formatSize(config.limits.body),
      headers: formatSize(config.limits.headers),
      inFlight: formatSize(config.limits.inFlight),
      backlog: config.limits.backlog,
    },
    alert: alertsShown(config.alerts),
    redact: config.redact,
    targets: mapShown(config.targets, targetShown),
    routes: mapShown(config.routes, routeShown),
  };
}

/** Every secret of a configuration, each once: what a log must censor and a test looks for. */
export function secretsOf(config: Config): string[] {
  const routes = [...config.routes.values()].flatMap(({ verify }) =>
    verify.provider === 'none' ? [] : verify.credentials.flatMap(shownNowhere),
  );
  const verifyTokens = [...config.routes.values()].flatMap(({ handshake }) => handshake.verifyToken);
  const headers = [...config.routes.values()].flatMap(({ deliver }) => deliver.flatMap(credentialsAdded));
  const targets = [...config.targets.values()].flatMap(({ url, signingSecrets, outgoing }) => [
    ...signingSecrets,
    ...outgoingSecrets(url, outgoing),
  ]);
  const admin = [...config.admin.tokens.map(({ token }) => token), ...config.admin.callbackSecrets];
  const keys = config.storage.encryption.map(({ text }) => text);
  return [...new Set([...admin, ...keys, ...routes, ...verifyTokens, ...headers, ...targets, ...alertSecrets(config.alerts)])];
}

/** Values of headers that a rule adds and that look, by their name, as if they opened something. */
function credentialsAdded({ rules }: EdgeConfig): string[] {
  const added = rules?.addHeaders ?? [];
  return added.filter(([name, value]) => /auth|key|token|secret|pass/i.test(name) && value.length >= 8).map(([, value]) => value);
}

/** A public key is no secret, and a log that hid it would say less. */
function shownNowhere({ scheme, secrets }: SenderCredential): readonly string[] {
  return scheme.kind === 'pubkey' ? [] : secrets;
}
