import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Config, ListenAddress } from '../config/types.ts';
import type { Clock } from '../domain/clock.ts';
import type { Logger } from '../domain/logger.ts';
import { isRefusedEarly, LINGER_MS } from './answers.ts';
import { CappedLog } from './capped-log.ts';
import { CertificateFiles, readCertificate, TLS_OPTIONS } from './certificate-files.ts';
import { FloodBrake } from './flood-brake.ts';
import { type NotReady, PublicHandler, type Settings, WebhookMessage } from './handler.ts';
import { HandshakeWork } from './handshake-work.ts';
import { InFlightBytes } from './in-flight.ts';
import type { IntakeServices } from './intake.ts';
import type { KeySource } from './key-source.ts';
import type { Learning } from './learning.ts';
import { peerAddress, trustedProxies } from './peer.ts';
import type { Confirmation, EventLog, IngestObserver, ProxyAnswers, RejectionLog } from './ports.ts';
import { PROBLEMS, type ProblemAnswer, rawAnswer } from './problems.ts';
import { Refusals } from './refusals.ts';
import { nearPaths, type RouteTable, routeTable, secretsOfAny } from './route-table.ts';
import { NO_SECRETS } from './stored-parts.ts';
import { TlsHandshakes } from './tls-handshakes.ts';
import { WaitingSenders } from './waiting-senders.ts';

/** What a reload can change. `limits.headers`, and whether there is TLS, only count at the start: Node fixes them with the server. */
export type PublicSettings = Pick<Config, 'routes' | 'targets' | 'limits' | 'trustedProxies' | 'tls'>;

/** Times in ms after which a slow client is dropped. */
export interface PublicTimeouts {
  /** From the connection, or the request's first byte, to the end of its head; and for a TLS handshake. */
  headers: number;
  /** From there to the end of its body. */
  request: number;
  /** How often both are checked; what is late is dropped at the next check. */
  check: number;
  /** A connection without a request. */
  keepAlive: number;
  /** How long {@link PublicListener.close} waits for requests that run: longer than the 4 s a commit may take. */
  close: number;
}

/** A slow client is gone within 10 s: 8 s and one check. Senders give up at about 6 s anyway. */
export const DEFAULT_TIMEOUTS: PublicTimeouts = { headers: 6_000, request: 8_000, check: 1_000, keepAlive: 8_000, close: 5_000 };

export interface PublicListenerOptions {
  listen: ListenAddress;
  settings: PublicSettings;
  log: EventLog;
  answers: ProxyAnswers;
  rejections: RejectionLog;
  observer: IngestObserver;
  logger: Logger;
  clock: Clock;
  notReady: NotReady;
  /** Keys of providers that publish them; without it their webhooks get 503. */
  keys?: KeySource;
  learning: Learning;
  confirmation: Confirmation;
  timeouts?: PublicTimeouts;
}

/** The listener that takes webhooks and answers health, and nothing else. */
export interface PublicListener {
  /** Rejects with Node's error when the address cannot be had. */
  start(): Promise<ListenAddress>;
  /** Puts routes and limits in place for the requests from now on. Throws a HookbayError and changes nothing when they are wrong. */
  configure(settings: PublicSettings): void;
  /** From now on webhooks get 503 `shutting_down`, and connections end with their answer. */
  drain(): void;
  /** Stops listening and resolves once every request is answered, or cut off after `timeouts.close`. */
  close(): Promise<void>;
  /** Bytes of bodies held now. */
  inFlightBytes(): number;
}

/** Builds the listener. Throws a HookbayError when the settings are wrong. */
export function createPublicListener(options: PublicListenerOptions): PublicListener {
  const { log, observer, logger, clock, learning } = options;
  const refusals = new Refusals(options);
  const conflicts = new CappedLog(logger, clock, 'duplicate_conflict');
  const quarantines = new CappedLog(logger, clock, 'event_quarantined');
  const failedHandshakes = new CappedLog(logger, clock, 'tls_handshake_failed');
  const inFlight = new InFlightBytes(options.settings.limits.inFlight);
  const handshakeLog = new CappedLog(logger, clock, 'handshake_answered');
  const waiting = new WaitingSenders(options.answers, observer, clock, inFlight);
  const services: IntakeServices = {
    log,
    observer,
    refusals,
    brake: new FloodBrake(clock),
    conflicts,
    quarantines,
    handshakes: new HandshakeWork({ learning, confirmation: options.confirmation, observer, answered: handshakeLog, logger }),
    logger,
    clock,
    inFlight,
    waiting,
    closing: false,
  };
  let current = options.settings;
  const handler = new PublicHandler(prepare(current, { learning, keys: options.keys }), services, options.notReady);
  learning.changed = () => {
    handler.settings = prepare(current, { learning, keys: options.keys, former: handler.settings.routes });
  };
  const timeouts = options.timeouts ?? DEFAULT_TIMEOUTS;
  const { server, tls } = publicServer(options.settings, timeouts, options);
  server.on('request', (message, response: ServerResponse) => handler.handle(message, response, false));
  server.on('checkContinue', (message: WebhookMessage, response: ServerResponse) => handler.handle(message, response, true));
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    if (tls?.handshakes.has(socket) !== true) {
      onClientError(error, socket, refusals, clock);
      return;
    }
    failedHandshakes.info({
      peer: peerAddress(socket.remoteAddress, null, null),
      code: error.code ?? null,
      error: error.message,
    });
    socket.destroy();
  });

  const drain = (): void => {
    handler.draining = true;
    services.closing = true;
    waiting.drain();
  };
  let closed: Promise<void> | null = null;
  return {
    async start() {
      server.listen(options.listen.port, options.listen.host);
      await once(server, 'listening');
      tls?.certificate.start();
      server.on('error', (error) => logger.error({ err: error }, 'public_listener_error'));
      const { address, port } = server.address() as AddressInfo;
      return { host: address, port };
    },
    configure(settings) {
      const prepared = prepare(settings, { learning, keys: options.keys, former: handler.settings.routes });
      if (settings.tls !== null) tls?.certificate.use(settings.tls);
      current = settings;
      handler.settings = prepared;
      inFlight.limit = settings.limits.inFlight;
    },
    drain,
    close() {
      drain();
      tls?.certificate.close();
      tls?.handshakes.end();
      closed ??= closeServer(server, clock, timeouts.close).finally(() => {
        refusals.close();
        for (const lines of [conflicts, quarantines, failedHandshakes]) lines.close();
        waiting.close();
        handshakeLog.close();
      });
      return closed;
    },
    inFlightBytes: () => inFlight.used,
  };
}

function prepare(
  { routes, targets, limits, trustedProxies: ranges }: PublicSettings,
  { learning, keys, former }: { learning: Learning; keys: KeySource | undefined; former?: RouteTable },
): Settings {
  const table = routeTable(routes.values(), { learned: (route) => learning.secretsOf(route), keys, former, targets });
  const trusted = trustedProxies(ranges);
  return { routes: table, bodyLimit: limits.body, trusted, nearPaths: nearPaths(table), anySecrets: secretsOfAny(table) };
}

interface PublicServer {
  server: Server<typeof WebhookMessage>;
  tls: { certificate: CertificateFiles; handshakes: TlsHandshakes } | null;
}

/** @throws HookbayError when there is no usable certificate */
function publicServer(
  { limits, tls }: PublicSettings,
  timeouts: PublicTimeouts,
  services: { clock: Clock; logger: Logger },
): PublicServer {
  const options = serverOptions(limits.headers, timeouts);
  if (tls === null) return { server: unlimitedHeaders(createServer(options)), tls: null };
  const current = readCertificate(tls);
  const server = createTlsServer({ ...options, ...TLS_OPTIONS, ...current, handshakeTimeout: timeouts.headers });
  const certificate = new CertificateFiles(server, tls, current, services);
  return { server: unlimitedHeaders(server), tls: { certificate, handshakes: new TlsHandshakes(server) } };
}

function serverOptions(maxHeaderSize: number, timeouts: PublicTimeouts) {
  return {
    IncomingMessage: WebhookMessage,
    maxHeaderSize,
    headersTimeout: timeouts.headers,
    requestTimeout: timeouts.request,
    connectionsCheckingInterval: timeouts.check,
    keepAliveTimeout: timeouts.keepAlive,
    // Checked with the rest of the framing, so that the answer is like the others.
    requireHostHeader: false,
  };
}

/** Node drops headers past 2,000 without a word; their bytes are bounded, and a repeated credential must be seen. */
function unlimitedHeaders(server: Server<typeof WebhookMessage>): Server<typeof WebhookMessage> {
  server.maxHeadersCount = 0;
  return server;
}

async function closeServer(server: Server, clock: Clock, patienceMs: number): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, 'close');
  server.close();
  const cancel = clock.after(patienceMs, () => server.closeAllConnections());
  await closed;
  cancel();
}

/** Requests that Node's parser refuses, and clients that are too slow (`code` is of Node or of llhttp). */
function clientFault({ code, message }: NodeJS.ErrnoException): { problem: ProblemAnswer; explanation: string } {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return { problem: PROBLEMS.headers_too_large, explanation: 'the headers are larger than limits.headers' };
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return { problem: PROBLEMS.body_too_large, explanation: 'the chunk extensions of the body are too large' };
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return {
        problem: PROBLEMS.request_timeout,
        explanation: 'the rest of the request did not arrive in time: the sender is slow, or its connection was lost',
      };
    case 'HPE_INVALID_EOF_STATE':
      return { problem: PROBLEMS.malformed_request, explanation: 'the client ended the connection within its request' };
    default:
      return { problem: PROBLEMS.malformed_request, explanation: `the HTTP parser refused the request: ${message}` };
  }
}

function onClientError(error: NodeJS.ErrnoException, socket: Socket, refusals: Refusals, clock: Clock): void {
  if (error.code === 'ECONNRESET' || error.code === 'EPIPE' || !socket.writable) {
    socket.destroy();
    return;
  }
  if (isRefusedEarly(socket)) {
    endSoon(socket, clock);
    return;
  }
  const { problem, explanation } = clientFault(error);
  const peer = peerAddress(socket.remoteAddress, null, null);
  endSoon(socket, clock, rawAnswer(problem));
  refusals.report({
    route: null,
    problem,
    explanation,
    peer,
    method: null,
    path: null,
    headers: [],
    contentType: null,
    body: null,
    secrets: NO_SECRETS,
  });
}

/** Sends what is to be sent, and gives the client a moment to read it. */
function endSoon(socket: Socket, clock: Clock, answer = ''): void {
  socket.end(answer);
  const cancel = clock.after(LINGER_MS, () => socket.destroy());
  socket.once('close', cancel);
}
