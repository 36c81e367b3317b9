import type { ConnectionOptions } from 'node:tls';
import { isLoopback } from './network.ts';

/**
 * How this machine checks the certificate of its own public listener. It is made out for the public name, so the address that
 * is called here is not in it. On loopback nothing is checked: what goes there does not leave the machine, and the listener
 * may rightly still have the certificate of yesterday. On any other address it must be the configured one, whatever its name.
 * @param certificate PEM of the configured file, null when it cannot be read here: then it is checked as any other
 */
export function ownListenerTls(host: string, certificate: () => string | null): ConnectionOptions {
  if (isLoopback(host)) return { rejectUnauthorized: false };
  const ca = certificate();
  return ca === null ? {} : { ca, allowPartialTrustChain: true, checkServerIdentity: () => undefined };
}
