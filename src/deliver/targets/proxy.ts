import { type ClientRequest, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP, type Socket } from 'node:net';
import { urlCredentials } from '../../config/outgoing.ts';
import { ProxyError } from '../proxy-error.ts';
import { buildConnector, type Connector } from '../undici.ts';

/** An HTTP proxy between the relay and a target. */
export interface HttpProxy {
  /** Scheme, host and port, without credentials. */
  origin: string;
  /** Without brackets around an IPv6 address. */
  host: string;
  port: number;
  isSecure: boolean;
  /** The value of Proxy-Authorization, or null. */
  authorization: string | null;
}

/** @param proxy a URL as configured, with credentials */
export function parseProxy(proxy: string): HttpProxy {
  const url = new URL(proxy);
  const { protocol, hostname, port, host } = url;
  const isSecure = protocol === 'https:';
  const credentials = urlCredentials(url);
  return {
    origin: `${protocol}//${host}`,
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? (isSecure ? 443 : 80) : Number(port),
    isSecure,
    authorization: credentials === null ? null : `Basic ${credentials}`,
  };
}

/** The name that the proxy's own certificate must have; an address is no server name (RFC 6066). */
const serverName = ({ host }: HttpProxy): { servername?: string } => (isIP(host) === 0 ? { servername: host } : {});

/** What bounds the making of a tunnel. */
interface Bounds {
  timeoutMs: number;
  /** Ends those that are being made. */
  closed: AbortSignal;
}

function connectRequest(proxy: HttpProxy, target: string): ClientRequest {
  const { host, port, authorization } = proxy;
  const headers = { host: target, ...(authorization === null ? {} : { 'proxy-authorization': authorization }) };
  const options = { host, port, method: 'CONNECT', path: target, headers, agent: false };
  return proxy.isSecure ? httpsRequest({ ...options, ...serverName(proxy) }) : httpRequest(options);
}

/** Asks the proxy for a tunnel; calls back once. @param target host and port */
function openTunnel(
  proxy: HttpProxy,
  target: string,
  { timeoutMs, closed }: Bounds,
  done: (...result: [ProxyError, null] | [null, Socket]) => void,
): void {
  const request = connectRequest(proxy, target);
  const cut = (): void => void request.destroy(Object.assign(new Error('no tunnel in time'), { code: 'ETIMEDOUT' }));
  const timer = setTimeout(cut, timeoutMs);
  closed.addEventListener('abort', cut);
  const settled = (): void => {
    clearTimeout(timer);
    closed.removeEventListener('abort', cut);
  };
  request.once('connect', ({ statusCode = 0 }, socket: Socket, head: Buffer) => {
    settled();
    if (statusCode < 200 || statusCode > 299) {
      socket.on('error', () => undefined).destroy();
      done(ProxyError.answered(statusCode), null);
      return;
    }
    if (head.length > 0) socket.unshift(head);
    done(null, socket);
  });
  request.on('error', (error) => {
    settled();
    done(ProxyError.unreachable(error), null);
  });
  request.end();
}

/**
 * Connections to an https target through a tunnel. undici's ProxyAgent makes a map of the headers and loses those that
 * repeat, so only the connection is made here, and requests go the same way as without a proxy.
 * @param tls turns the tunnel into a TLS connection to the target
 */
export function tunnelConnector(proxy: HttpProxy, tls: Connector, bounds: Bounds): Connector {
  return (options, callback) => {
    const host = isIP(options.hostname) === 6 ? `[${options.hostname}]` : options.hostname;
    const target = `${host}:${options.port === '' ? 443 : options.port}`;
    openTunnel(proxy, target, bounds, (error, httpSocket) => {
      if (error === null) tls({ ...options, httpSocket }, callback);
      else callback(error, null);
    });
  };
}

/** Connections to a proxy that is asked for whole URLs, as it is for http targets. */
export function forwardConnector(proxy: HttpProxy, timeoutMs: number): Connector {
  const connect = buildConnector({ timeout: timeoutMs, allowH2: false });
  return (options, callback) => {
    connect({ ...options, ...serverName(proxy) }, (...[error, socket]) => {
      if (error === null) callback(null, socket);
      else callback(ProxyError.unreachable(error), null);
    });
  };
}
