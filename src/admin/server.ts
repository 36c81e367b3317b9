import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ListenAddress } from '../config/types.ts';
import type { Clock } from '../domain/clock.ts';
import { HookbayError } from '../domain/errors.ts';
import type { Logger } from '../domain/logger.ts';
import { isLoopback, TokenSet } from './access.ts';
import { createApp } from './app.ts';
import { openApiDocument } from './openapi.ts';
import type { AdminPorts, AdminSettings } from './ports.ts';
import { Sessions } from './sessions.ts';

export interface AdminServerOptions {
  ports: AdminPorts;
  settings: AdminSettings;
  listen: ListenAddress;
  /** Folder with the built dashboard, or null for none. */
  page: string | null;
  /** Of the program, for the OpenAPI document. */
  version: string;
  logger: Logger;
  clock: Clock;
}

/** The private listener. */
export interface AdminServer {
  /** Resolves with the address that it listens on; rejects when that is taken. */
  start(): Promise<ListenAddress>;
  /**
   * Swaps everything that a reload may change. Sessions of a token that is gone end.
   * @throws HookbayError `admin_token_required` when no token is left and the listener is not loopback; nothing is changed
   */
  apply(settings: AdminSettings): void;
  /** Takes no more requests and ends those that run after `graceMs`. */
  close(graceMs: number): Promise<void>;
}

/** A client of an operator has no reason to be slower. */
const REQUEST_TIMEOUT_MS = 30_000;
const HEADERS_TIMEOUT_MS = 10_000;

/**
 * Builds the private listener; nothing is opened before `start`.
 * @throws HookbayError `admin_token_required` without a token on an address that others can reach
 */
export function createAdminServer(options: AdminServerOptions): AdminServer {
  const { ports, listen, page, logger, clock } = options;
  let current = { settings: options.settings, tokens: allowed(options.settings, listen) };
  const app = createApp({
    ports,
    current: () => current,
    sessions: new Sessions(clock),
    openapi: openApiDocument(options.version),
    page,
    logger,
    now: () => clock.now(),
  });
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS, headersTimeout: HEADERS_TIMEOUT_MS }, app);
  let closing: Promise<void> | null = null;
  return {
    start: () => started(server, listen),
    apply: (settings) => {
      current = { settings, tokens: allowed(settings, listen) };
    },
    close: (graceMs) => {
      closing ??= closed(server, clock, graceMs);
      return closing;
    },
  };
}

function allowed(settings: AdminSettings, listen: ListenAddress): TokenSet {
  const tokens = new TokenSet(settings.tokens);
  if (!tokens.isEmpty || isLoopback(listen.host)) return tokens;
  throw new HookbayError({
    code: 'admin_token_required',
    status: 422,
    message: `admin.listen is ${listen.host}, which others can reach, and there is no admin.token.`,
    hint: 'Set admin.token, or listen on 127.0.0.1.',
  });
}

async function started(server: Server, listen: ListenAddress): Promise<ListenAddress> {
  const host = listen.host.replace(/^\[(.*)\]$/, '$1');
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port: listen.port }, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const { address, port } = server.address() as AddressInfo;
  return { host: address, port };
}

async function closed(server: Server, clock: Clock, graceMs: number): Promise<void> {
  if (!server.listening) return;
  const cancel = clock.after(graceMs, () => server.closeAllConnections());
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
  cancel();
}
