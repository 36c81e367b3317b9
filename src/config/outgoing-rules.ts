import { authorityFault, certificateFault } from './certificate.ts';
import type { Path } from './fault.ts';
import { headerRules } from './header-rules.ts';
import type { NamedFiles } from './named-files.ts';
import { type TreeFault, valueAt } from './tree.ts';
import { isConfigured } from './verify-rules.ts';

/** What goes together in a target. */
export function outgoingRules(file: unknown, targets: readonly string[], files: NamedFiles): TreeFault[] {
  return targets.flatMap((name) => {
    const path: Path = ['targets', name];
    const written = valueAt(file, [...path, 'url']);
    const url = typeof written === 'string' ? URL.parse(written) : null;
    const isSigned = isConfigured(valueAt(file, [...path, 'sign', 'secret']));
    return [
      ...authRules(file, path, url),
      ...headerRules(file, [...path, 'headers'], isSigned),
      ...authorizationRules(file, path, url),
      ...tlsRules(file, path, files),
      ...plainRules(file, path, url),
    ];
  });
}

const hasCredentials = (url: URL | null): boolean => url !== null && (url.username !== '' || url.password !== '');

const contradiction = (path: Path, message: string, expected: string): TreeFault => ({
  ...{ path, atKey: true, code: 'contradiction', message, expected },
});

const ONE_AUTH = 'either { bearer } or { username, password }';

function authRules(file: unknown, target: Path, url: URL | null): TreeFault[] {
  const path = [...target, 'auth'];
  const auth = valueAt(file, path);
  if (typeof auth !== 'object' || auth === null || Array.isArray(auth)) return [];
  const has = (key: string): boolean => valueAt(auth, [key]) !== undefined;
  const faults: TreeFault[] = [];
  if (hasCredentials(url)) {
    const message = 'there are credentials in the URL of this target, and in auth';
    faults.push(contradiction(path, message, 'one of both'));
  }
  if (has('bearer') && (has('username') || has('password'))) {
    faults.push(contradiction([...path, 'bearer'], 'bearer stands beside a user name or a password', ONE_AUTH));
  } else if (!has('bearer')) {
    for (const key of ['username', 'password']) {
      if (has(key)) continue;
      const message = `${target.join('.')}.auth.${key} is missing`;
      faults.push({ path: [...path, key], code: 'missing_key', message, expected: ONE_AUTH });
      break;
    }
  }
  return faults;
}

/** What of `headers` would say the same as credentials, in other words. */
function authorizationRules(file: unknown, target: Path, url: URL | null): TreeFault[] {
  if (valueAt(file, [...target, 'auth']) === undefined && !hasCredentials(url)) return [];
  const isIt = (name: unknown): boolean => typeof name === 'string' && name.toLowerCase() === 'authorization';
  const add = valueAt(file, [...target, 'headers', 'add']);
  const remove = valueAt(file, [...target, 'headers', 'remove']);
  const added = typeof add === 'object' && add !== null ? Object.keys(add).find(isIt) : undefined;
  const removed = Array.isArray(remove) ? remove.findIndex(isIt) : -1;
  const expected = 'either this, or credentials in auth or in the URL';
  const faults: TreeFault[] = [];
  if (added !== undefined) {
    const message = 'this target has credentials of its own, which are sent as authorization';
    faults.push(contradiction([...target, 'headers', 'add', added], message, expected));
  }
  if (removed >= 0) {
    const message = "this target has credentials of its own, and a sender's authorization is not passed on to it anyway";
    faults.push(contradiction([...target, 'headers', 'remove', removed], message, expected));
  }
  return faults;
}

const CLIENT_CERTIFICATE =
  'a client certificate in PEM, with those that lead to the root after it, and its private key without a passphrase';

function tlsRules(file: unknown, target: Path, files: NamedFiles): TreeFault[] {
  const path = [...target, 'tls'];
  const faults: TreeFault[] = [];
  const textOf = (key: 'ca' | 'cert' | 'key'): string | null => {
    const named = valueAt(file, [...path, key]);
    if (typeof named !== 'string' || named === '') return null;
    const text = files.text(named);
    const message = `the file ${named} cannot be read`;
    if (text === null)
      faults.push({ path: [...path, key], code: 'file_unreadable', message, expected: 'a file that hookbay may read' });
    return text;
  };
  const texts = { ca: textOf('ca'), cert: textOf('cert'), key: textOf('key') };
  for (const [key, partner] of [['cert', 'key'] as const, ['key', 'cert'] as const]) {
    if (valueAt(file, [...path, key]) === undefined || valueAt(file, [...path, partner]) !== undefined) continue;
    const message = `${partner} is missing: a client certificate needs both`;
    faults.push({ path: [...path, key], atKey: true, code: 'missing_key', message, expected: '{ cert, key }' });
  }
  const ca = texts.ca === null ? null : authorityFault(texts.ca);
  if (ca !== null) {
    const expected = 'certificates of authorities, in PEM';
    faults.push({ path: [...path, 'ca'], code: 'bad_certificate', message: ca, expected });
  }
  const client = texts.cert === null || texts.key === null ? null : certificateFault(texts.cert, texts.key);
  if (client !== null) {
    faults.push({ path: [...path, client.in], code: 'bad_certificate', message: client.message, expected: CLIENT_CERTIFICATE });
  }
  return faults;
}

/** What means nothing without TLS. */
function plainRules(file: unknown, target: Path, url: URL | null): TreeFault[] {
  if (url === null || url.protocol !== 'http:') return [];
  const faults: TreeFault[] = [];
  if (valueAt(file, [...target, 'tls']) !== undefined) {
    faults.push(
      contradiction([...target, 'tls'], 'tls stands beside an http:// URL, so it would not be used', 'an https:// URL'),
    );
  }
  if (String(valueAt(file, [...target, 'http2'])) === 'true') {
    const message = 'HTTP/2 is agreed on by TLS, and this is an http:// URL';
    faults.push(contradiction([...target, 'http2'], message, 'an https:// URL'));
  }
  return faults;
}
