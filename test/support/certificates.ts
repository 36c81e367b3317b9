import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { fileURLToPath } from 'node:url';
import type { TlsConfig } from '../../src/config/types.ts';

export type CertificateName = 'first' | 'second' | 'chain';

const pathOf = (name: string): string => fileURLToPath(new URL(`tls/${name}.pem`, import.meta.url));

/** PEM of a certificate that is for tests only. */
export const pem = (name: CertificateName | 'root' | `${CertificateName}-key`): string => readFileSync(pathOf(name), 'utf8');

/** A folder with the certificate that a relay has, which can be exchanged. */
export interface CertificateFolder extends TlsConfig {
  put(cert: CertificateName, key?: CertificateName): void;
  remove(): void;
}

export function certificateFolder(cert: CertificateName): CertificateFolder {
  const folder = mkdtempSync(join(tmpdir(), 'hookbay-tls-'));
  const files = { certFile: join(folder, 'cert.pem'), keyFile: join(folder, 'key.pem') };
  const put = (name: CertificateName, key = name): void => {
    copyFileSync(pathOf(name), files.certFile);
    copyFileSync(pathOf(`${key}-key`), files.keyFile);
  };
  put(cert);
  return { ...files, put, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** The name in the certificate that a listener shows now. @param ca PEM that must lead to it; undefined: it is not checked */
export function shownCertificate(port: number, ca?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const trust = ca === undefined ? { rejectUnauthorized: false } : { ca };
    const socket: TLSSocket = connect({ port, host: '127.0.0.1', ...trust }, () => {
      const name = String(socket.getPeerCertificate().subject.CN);
      socket.destroy();
      resolve(name.replace('hookbay test only, ', ''));
    });
    socket.on('error', reject);
  });
}
