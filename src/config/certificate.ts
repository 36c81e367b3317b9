import { createPrivateKey, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';

/** What is wrong with a certificate and its key. Holds nothing of the key. */
export interface CertificateFault {
  in: 'cert' | 'key';
  message: string;
}

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/** What is wrong with the certificates of authorities, in PEM, or null. */
export function authorityFault(ca: string): string | null {
  const blocks = ca.match(PEM_CERTIFICATE) ?? [];
  const begun = ca.split('-----BEGIN').length - 1;
  if (blocks.length === 0) return 'this file has no certificate in PEM';
  if (begun > blocks.length) return 'this file has something else than certificates in it, or one that is cut off';
  try {
    for (const block of blocks) new X509Certificate(block);
    createSecureContext({ ca });
    return null;
  } catch {
    return 'a certificate in this file cannot be read';
  }
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
