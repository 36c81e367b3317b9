import { createPrivateKey, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';

/** What is wrong with a certificate and its key. Holds nothing of the key. */
export interface CertificateFault {
  in: 'cert' | 'key';
  message: string;
}

/**
 * @param cert PEM, the own certificate first, then those that lead to the root
 * @param key PEM, without a passphrase
 */
export function certificateFault(cert: string, key: string): CertificateFault | null {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(cert);
  } catch {
    return { in: 'cert', message: 'this file does not begin with a certificate in PEM' };
  }
  try {
    if (!certificate.checkPrivateKey(createPrivateKey(key))) {
      return { in: 'key', message: 'this key does not belong to the certificate' };
    }
  } catch {
    return { in: 'key', message: 'this file is not a private key in PEM without a passphrase' };
  }
  try {
    createSecureContext({ cert, key });
    return null;
  } catch {
    return { in: 'cert', message: 'this certificate, or one after it, cannot be used for TLS' };
  }
}
