import { readFileSync } from 'node:fs';
import { authorityFault, certificateFault } from '../../config/certificate.ts';
import { filesStamp } from '../../config/file-stamp.ts';
import type { TargetTlsConfig } from '../../config/outgoing.ts';
import type { Clock } from '../../domain/clock.ts';
import { HookbayError } from '../../domain/errors.ts';
import type { Logger } from '../../domain/logger.ts';

/** How often the files are looked at, ms; see src/ingest/certificate-files.ts. */
const LOOK_EVERY_MS = 10_000;

/** PEM. */
export interface TlsTexts {
  ca: string | null;
  client: { cert: string; key: string } | null;
}

/** @throws HookbayError `certificate_unreadable` or `bad_certificate` */
export function readTlsFiles({ caFile, client }: TargetTlsConfig): TlsTexts {
  try {
    const read = (file: string): string => readFileSync(file, 'utf8');
    return checked({
      ca: caFile === null ? null : read(caFile),
      client: client === null ? null : { cert: read(client.certFile), key: read(client.keyFile) },
    });
  } catch (error) {
    throw unusable(error);
  }
}

function checked(texts: TlsTexts): TlsTexts {
  const ca = texts.ca === null ? null : authorityFault(texts.ca);
  if (ca !== null) throw new HookbayError({ code: 'bad_certificate', status: 422, message: `tls.ca: ${ca}` });
  const client = texts.client === null ? null : certificateFault(texts.client.cert, texts.client.key);
  if (client === null) return texts;
  throw new HookbayError({ code: 'bad_certificate', status: 422, message: `tls.${client.in}: ${client.message}` });
}

function unusable(error: unknown): HookbayError {
  if (error instanceof HookbayError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new HookbayError({ code: 'certificate_unreadable', status: 422, message }, { cause: error });
}

/** The certificates of a target as its files are. New ones that cannot be used are told of once, and the old ones stay. */
export class TlsFiles {
  readonly #target: string;
  readonly #config: TargetTlsConfig;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #changed: () => void;
  readonly #files: readonly string[];
  #texts: TlsTexts;
  /** What the files looked like when they were last read; null before the first look. */
  #seen: string | null = null;
  #cancel: (() => void) | null = null;
  #closed = false;

  /** @param changed called when there are other texts @throws HookbayError as {@link readTlsFiles} */
  constructor(
    target: string,
    config: TargetTlsConfig,
    { clock, logger, changed }: { clock: Clock; logger: Logger; changed: () => void },
  ) {
    const { caFile, client } = config;
    this.#target = target;
    this.#config = config;
    this.#clock = clock;
    this.#logger = logger;
    this.#changed = changed;
    this.#files = [caFile, client?.certFile, client?.keyFile].filter((file) => typeof file === 'string');
    this.#texts = readTlsFiles(config);
    if (this.#files.length > 0) this.#wait();
  }

  get texts(): TlsTexts {
    return this.#texts;
  }

  close(): void {
    this.#closed = true;
    this.#cancel?.();
  }

  #wait(): void {
    if (this.#closed) return;
    this.#cancel = this.#clock.after(LOOK_EVERY_MS, () => void this.#look().finally(() => this.#wait()));
  }

  /** Never rejects. */
  async #look(): Promise<void> {
    const seen = await filesStamp(this.#files);
    if (seen === this.#seen || this.#closed) return;
    this.#seen = seen;
    try {
      const texts = readTlsFiles(this.#config);
      if (JSON.stringify(texts) === JSON.stringify(this.#texts)) return;
      this.#texts = texts;
      this.#logger.info({ target: this.#target }, 'target_certificate_loaded');
      this.#changed();
    } catch (error) {
      const { code, message } = unusable(error);
      this.#logger.error({ target: this.#target, code, error: message }, 'target_certificate_unusable');
    }
  }
}
