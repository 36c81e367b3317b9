import { HEADER_NAME } from '../domain/header-rules.ts';
import { certificateFault } from './certificate.ts';
import type { Path } from './fault.ts';
import type { NamedFiles } from './named-files.ts';
import { type TreeFault, valueAt } from './tree.ts';

/** What concerns TLS, schemas and answers: files that must be there and be right, and values that exclude each other. */

function unreadable(path: Path, file: string): TreeFault {
  const message = `the file ${file} cannot be read`;
  return { path, code: 'file_unreadable', message, expected: 'a file that hookbay may read' };
}

const CERTIFICATE = 'a certificate in PEM, with those that lead to the root after it, and its private key without a passphrase';

export function tlsRules(file: unknown, files: NamedFiles): TreeFault[] {
  const paths = { cert: valueAt(file, ['tls', 'cert']), key: valueAt(file, ['tls', 'key']) };
  const { cert, key } = paths;
  if (typeof cert !== 'string' || typeof key !== 'string') return [];
  const [certText, keyText] = [files.text(cert), files.text(key)];
  const missing: TreeFault[] = [];
  if (certText === null) missing.push(unreadable(['tls', 'cert'], cert));
  if (keyText === null) missing.push(unreadable(['tls', 'key'], key));
  if (certText === null || keyText === null) return missing;
  const fault = certificateFault(certText, keyText);
  if (fault === null) return [];
  return [{ path: ['tls', fault.in], code: 'bad_certificate', message: fault.message, expected: CERTIFICATE }];
}

/** Whoever trusts no proxy and has no TLS of its own never sees https. */
function httpsRules(file: unknown, path: Path): TreeFault[] {
  const at = [...path, 'requireHttps'];
  const proxies = valueAt(file, ['trustedProxies']);
  const isAsked = String(valueAt(file, at)) === 'true';
  if (!isAsked || valueAt(file, ['tls']) !== undefined || (Array.isArray(proxies) && proxies.length > 0)) return [];
  const message = 'no request could ever be known to come over https, so every one would be refused';
  return [{ path: at, code: 'contradiction', message, expected: '`tls`, or the proxy that does TLS in `trustedProxies`' }];
}

function schemaRules(file: unknown, path: Path, files: NamedFiles): TreeFault[] {
  const at = [...path, 'schema', 'file'];
  const named = valueAt(file, at);
  if (typeof named !== 'string' || named === '') return [];
  const schema = files.bodySchema(named);
  if (schema === null) return [unreadable(at, named)];
  if (schema.kind === 'compiled') return [];
  const expected = 'a JSON Schema of draft 2020-12 or draft-07 that needs no other file';
  return [{ path: at, code: 'bad_schema', message: `this schema cannot be used: ${schema.message}`, expected }];
}

/** What the server itself says about the connection, the length of the answer and the event. */
const OWN_HEADERS = new Set([
  ...['connection', 'content-length', 'keep-alive', 'proxy-authenticate', 'proxy-authorization', 'proxy-connection'],
  ...['hookbay-event-id', 'te', 'trailer', 'transfer-encoding', 'upgrade'],
]);

function respondRules(file: unknown, path: Path): TreeFault[] {
  const at = [...path, 'respond'];
  const respond = valueAt(file, at);
  const headers = valueAt(respond, ['headers']);
  const faults: TreeFault[] = [];
  for (const name of typeof headers === 'object' && headers !== null ? Object.keys(headers) : []) {
    const own = OWN_HEADERS.has(name.toLowerCase());
    if (!own && HEADER_NAME.test(name)) continue;
    const message = own ? `${name} is set by the relay itself` : 'this is no name of a header';
    const expected = 'the name of a header that is not about the connection or the length';
    faults.push({ path: [...at, 'headers', name], atKey: true, code: 'bad_header', message, expected });
  }
  const body = valueAt(respond, ['body']);
  const status = Number(valueAt(respond, ['status']));
  if ((status === 204 || status === 205) && body !== undefined && body !== '') {
    const message = `an answer with ${status} has no body (RFC 9110 section 15.3)`;
    faults.push({ path: [...at, 'body'], code: 'contradiction', message, expected: 'no body, or another status' });
  }
  return faults;
}

export function doorRules(file: unknown, routes: readonly string[], files: NamedFiles): TreeFault[] {
  return routes.flatMap((route) => {
    const path: Path = ['routes', route];
    return [...httpsRules(file, path), ...schemaRules(file, path, files), ...respondRules(file, path)];
  });
}
