import { headerSecrets, headersShown } from './header-rules.ts';
import { type AuthConfig, basicCredentials, type OutgoingConfig, type TargetTlsConfig, urlCredentials } from './outgoing.ts';
import { HIDDEN, shownUrl, urlSecrets } from './shown-url.ts';

function authShown(auth: AuthConfig | null): object | null {
  if (auth === null) return null;
  return auth.kind === 'bearer' ? { bearer: HIDDEN } : { username: HIDDEN, password: HIDDEN };
}

function tlsShown(tls: TargetTlsConfig | null): object | null {
  if (tls === null) return null;
  const { caFile, client, serverName } = tls;
  return { ca: caFile, cert: client?.certFile ?? null, key: client?.keyFile ?? null, serverName };
}

/** Keys of a target in the shape of the file, secrets hidden. */
export function outgoingShown({ auth, headers, tls, proxy, http2 }: OutgoingConfig): object {
  return {
    auth: authShown(auth),
    headers: headersShown(headers),
    tls: tlsShown(tls),
    proxy: proxy === null ? null : shownUrl(proxy),
    http2,
  };
}

/** A name or a password shorter than this hides too much of everything else when it is censored everywhere. */
const SHORTEST_NAME = 8;

function authSecrets(auth: AuthConfig | null): string[] {
  if (auth === null) return [];
  if (auth.kind === 'bearer') return [auth.token];
  const { username, password } = auth;
  return [basicCredentials(username, password), password, ...(username.length < SHORTEST_NAME ? [] : [username])].filter(Boolean);
}

/** Everything of a target that is secret beside its signing secrets, as it is written and as it is sent. */
export function outgoingSecrets(url: string, { auth, headers, proxy }: OutgoingConfig): string[] {
  const urls = proxy === null ? [url] : [url, proxy];
  const sent = urls.map((each) => urlCredentials(new URL(each))).filter((credentials) => credentials !== null);
  return [...authSecrets(auth), ...headerSecrets(headers), ...urls.flatMap(urlSecrets), ...sent];
}
