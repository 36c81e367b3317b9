import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Server } from 'node:tls';
import { certificateFault } from '../config/certificate.ts';
import { filesStamp } from '../config/file-stamp.ts';
import type { TlsConfig } from '../config/types.ts';
import type { Clock } from '../domain/clock.ts';
import { HookbayError } from '../domain/errors.ts';
import type { Logger } from '../domain/logger.ts';

/** How often the files are looked at, ms. */
const LOOK_EVERY_MS = 10_000;

export interface Certificate {
  cert: string;
  key: string;
}

/** @throws HookbayError `certificate_unreadable` or `bad_certificate` */
export function readCertificate({ certFile, keyFile }: TlsConfig): Certificate {
  try {
    return checked({ cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8') });
  } catch (error) {
    throw unusable(error);
  }
}

function checked(certificate: Certificate): Certificate {
  const fault = certificateFault(certificate.cert, certificate.key);
  if (fault === null) return certificate;
  throw new HookbayError({ code: 'bad_certificate', status: 422, message: `tls.${fault.in}: ${fault.message}` });
}

function unusable(error: unknown): HookbayError {
  if (error instanceof HookbayError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new HookbayError({ code: 'certificate_unreadable', status: 422, message }, { cause: error });
}

/** Keeps a server's certificate as its files are. A new one that cannot be used is told of once, and the old one stays. */
export class CertificateFiles {
  readonly #server: Pick<Server, 'setSecureContext'>;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #files: TlsConfig;
  #current: Certificate;
  /** What the files looked like when they were last read; null before the first look. */
  #seen: string | null = null;
  #cancel: (() => void) | null = null;
  #closed = false;

  /** @param current with which the server was made */
  constructor(
    server: Pick<Server, 'setSecureContext'>,
    files: TlsConfig,
    current: Certificate,
    { clock, logger }: { clock: Clock; logger: Logger },
  ) {
    this.#server = server;
    this.#files = files;
    this.#current = current;
    this.#clock = clock;
    this.#logger = logger;
  }

  start(): void {
    if (this.#closed) return;
    this.#cancel = this.#clock.after(LOOK_EVERY_MS, () => void this.#look().finally(() => this.start()));
  }

  close(): void {
    this.#closed = true;
    this.#cancel?.();
  }

  /** From now on these files; they are read at once. */
  use(files: TlsConfig): void {
    this.#files = files;
    this.#seen = null;
    try {
      this.#take(readCertificate(files));
    } catch (error) {
      this.#tell(error);
    }
  }

  /** Never rejects. */
  async #look(): Promise<void> {
    const { certFile, keyFile } = this.#files;
    const seen = await filesStamp([certFile, keyFile]);
    if (seen === this.#seen) return;
    this.#seen = seen;
    try {
      const [cert, key] = await Promise.all([readFile(certFile, 'utf8'), readFile(keyFile, 'utf8')]);
      this.#take(checked({ cert, key }));
    } catch (error) {
      this.#tell(error);
    }
  }

  #tell(error: unknown): void {
    const { code, message } = unusable(error);
    this.#logger.error({ code, error: message, ...this.#files }, 'certificate_unusable');
  }

  #take({ cert, key }: Certificate): void {
    if (cert === this.#current.cert && key === this.#current.key) return;
    this.#server.setSecureContext({ ...TLS_OPTIONS, cert, key });
    this.#current = { cert, key };
    this.#logger.info({ validTo: new X509Certificate(cert).validTo }, 'certificate_loaded');
  }
}

/** Older versions are broken (RFC 8996). */
export const TLS_OPTIONS = { minVersion: 'TLSv1.2' } as const;
