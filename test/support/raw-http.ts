import { connect, type Socket } from 'node:net';

export interface RawAnswer {
  /** Status of the first answer; null when none came. */
  status: number | null;
  text: string;
  /** Whether the server closed the connection before the time was over. */
  isClosed: boolean;
  afterMs: number;
}

export function openSocket(url: string): Socket {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  socket.on('error', () => socket.destroy()); // a reset is one way of being closed
  return socket;
}

/** Sends bytes as they are and listens until the server closes or the time is over. */
export function sendRaw(url: string, bytes: string | Buffer, waitMs = 3_000): Promise<RawAnswer> {
  const startedAt = performance.now();
  const socket = openSocket(url);
  const chunks: Buffer[] = [];
  return new Promise((resolve) => {
    const finish = (isClosed: boolean): void => {
      clearTimeout(timer);
      const text = Buffer.concat(chunks).toString('latin1');
      const status = /^HTTP\/1\.1 (\d{3})/.exec(text)?.[1];
      resolve({ status: status === undefined ? null : Number(status), text, isClosed, afterMs: performance.now() - startedAt });
      socket.destroy();
    };
    const timer = setTimeout(() => finish(false), waitMs);
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.once('close', () => finish(true));
    socket.write(bytes);
  });
}
