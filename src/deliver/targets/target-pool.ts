import type { TargetConfig } from '../../config/types.ts';
import { buildConnector, type Connector, type ConnectorOptions, Pool } from '../undici.ts';
import { forwardConnector, type HttpProxy, tunnelConnector } from './proxy.ts';
import type { TlsTexts } from './tls-files.ts';

/** How a target is reached. */
export interface Way {
  url: URL;
  config: TargetConfig;
  proxy: HttpProxy | null;
  /** Ends the tunnels that are being made. */
  closed: AbortSignal;
}

/** Whether a proxy is asked for whole URLs, as for http targets; through a tunnel it sees nothing of them. */
export function isForwarded({ url, proxy }: Way): boolean {
  return proxy !== null && url.protocol === 'http:';
}

function tlsOptions({ timeoutMs, outgoing }: TargetConfig, texts: TlsTexts | null): ConnectorOptions {
  const { tls, http2 } = outgoing;
  return {
    timeout: timeoutMs,
    // Of what both sides speak some servers take what the client names first.
    ...(http2 ? { allowH2: true, preferH2: true } : { allowH2: false }),
    ...(texts === null || texts.ca === null ? {} : { ca: texts.ca }),
    ...(texts?.client ?? {}),
    ...(tls === null || tls.serverName === null ? {} : { servername: tls.serverName }),
  };
}

/**
 * A target that refuses a client certificate says so after the handshake (TLS 1.3), and closes. undici then reports the
 * end alone, unless the connection is gone by then.
 */
function tellingAlerts(connect: Connector): Connector {
  return (options, callback) => {
    connect(options, (...[error, socket]) => {
      if (error !== null) return callback(error, null);
      socket.once('error', (reason) => socket.destroy(reason));
      return callback(null, socket);
    });
  };
}

function connector({ url, config, proxy, closed }: Way, texts: TlsTexts | null): Connector {
  const connect = buildConnector(tlsOptions(config, texts));
  const direct = url.protocol === 'https:' ? tellingAlerts(connect) : connect;
  if (proxy === null) return direct;
  const { timeoutMs } = config;
  return url.protocol === 'https:' ? tunnelConnector(proxy, direct, { timeoutMs, closed }) : forwardConnector(proxy, timeoutMs);
}

/** @param texts the certificates; null for those of the system */
export function createPool(way: Way, texts: TlsTexts | null): Pool {
  const { concurrency, outgoing } = way.config;
  return new Pool(isForwarded(way) ? (way.proxy?.origin ?? '') : way.url.origin, {
    // undici rests a connection for a turn of the event loop after each answer. With as many again no attempt waits
    // for that, nor for a connection that is still being made for an attempt that has timed out.
    connections: 2 * concurrency,
    // Left out, HTTP/2 runs as many requests on a connection as its peer allows, and HTTP/1.1 one.
    ...(outgoing.http2 ? { allowH2: true } : { allowH2: false, pipelining: 1 }),
    connect: connector(way, texts),
    // The attempt's deadline is the only clock: undici's two measure pauses, not the whole.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
}
