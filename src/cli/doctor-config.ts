import { isLoopback, isWildcard } from '../config/network.ts';
import type { Config, RouteConfig } from '../config/types.ts';
import { learnsSecret } from '../providers/handshakes.ts';
import type { Finding } from './findings.ts';

const note = (subject: string, finding: string, advice: string): Finding => ({ state: 'note', subject, finding, advice });

/** What loads, and is still not what one wants in production. */
export function examineConfig(config: Config): Finding[] {
  const routes = [...config.routes.values()].flatMap((route) => examineRoute(route));
  const isOpen = isWildcard(config.listen.host) || !isLoopback(config.listen.host);
  const findings = [...routes];
  if (isOpen && config.tls === null && config.publicUrl === null) {
    const advice = 'Put a proxy with TLS in front and set publicUrl, or set tls; and requireHttps on the routes.';
    findings.push(
      note('listen', 'The public listener takes plain HTTP, and no publicUrl says that a proxy stands before it.', advice),
    );
  }
  if (config.publicUrl !== null && config.tls === null && config.trustedProxies.length === 0) {
    const advice = 'Name the proxy in trustedProxies: otherwise its address is taken for that of every sender.';
    findings.push(note('publicUrl', 'Senders come through another address, but no proxy is trusted.', advice));
  }
  if (config.alerts.length === 0) {
    findings.push(note('alert', 'Nobody is told of dead letters and storage trouble.', 'Set alert.url.'));
  }
  return findings;
}

function examineRoute({ name, verify, dedup }: RouteConfig): Finding[] {
  const subject = `route ${name}`;
  const findings: Finding[] = [];
  if (verify.provider === 'none') {
    findings.push(
      note(subject, 'It takes requests from anybody.', 'Name a provider under verify, or allow certain sources only.'),
    );
  } else if (learnsSecret(verify.provider) && verify.credentials.every(({ secrets }) => secrets.length === 0)) {
    const advice = `If nothing was learned yet: \`hookbay arm ${name}\`, then make the webhook at the provider's.`;
    findings.push(note(subject, 'Its secret is not in the configuration; the provider hands it over.', advice));
  }
  if (dedup.kind === 'none') {
    findings.push(note(subject, 'Duplicates are not recognised.', 'Set dedup.key where its requests carry an id.'));
  }
  return findings;
}
