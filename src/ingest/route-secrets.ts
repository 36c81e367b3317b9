import type { RouteConfig, VerifyConfig } from '../config/types.ts';
import { learnsSecret } from '../providers/handshakes.ts';
import { needsSecret, type SenderCredential } from '../providers/sender.ts';
import type { ReceivedRequest } from './received.ts';
import { verificationRule, verify } from './verify.ts';

/**
 * The route's verification with what its sender has handed over beside what is configured. A route that has another provider by
 * now, which hands nothing over, does not inherit the secret of the former one.
 */
export function withLearned(config: VerifyConfig, learned: readonly string[]): VerifyConfig {
  if (config.provider === 'none' || learned.length === 0 || !learnsSecret(config.provider)) return config;
  const added = (credential: SenderCredential): SenderCredential =>
    needsSecret(credential.scheme) ? { ...credential, secrets: [...credential.secrets, ...learned] } : credential;
  return { ...config, credentials: config.credentials.map(added) };
}

/** All routes with what their senders have handed over. */
export function routesWithLearned(
  routes: ReadonlyMap<string, RouteConfig>,
  learning: { secretsOf(route: string): readonly string[] },
): ReadonlyMap<string, RouteConfig> {
  return new Map(
    [...routes].map(([name, route]) => [name, { ...route, verify: withLearned(route.verify, learning.secretsOf(name)) }]),
  );
}

/**
 * Finds the secret that a request is signed with, so that an answer is made with the one that the sender has at the moment,
 * also while it is being changed. For a request without a signature it is the first.
 */
export function secretInUse(config: VerifyConfig): (request: ReceivedRequest) => string | null {
  if (config.provider === 'none') return () => null;
  const [credential] = config.credentials;
  const secrets = credential?.secrets ?? [];
  if (credential === undefined || secrets.length < 2) return () => secrets[0] ?? null;
  const rules = secrets.map((secret) => ({
    secret,
    rule: verificationRule({ ...config, credentials: [{ ...credential, secrets: [secret] }] }),
  }));
  return (request) => rules.find(({ rule }) => verify(request, rule).kind === 'verified')?.secret ?? secrets[0] ?? null;
}
