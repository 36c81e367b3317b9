import { connect, type Socket } from 'node:net';

/** Length of the first response in `bytes`, or null when more bytes are needed. */
function responseLength(bytes: Buffer): number | null {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd < 0) return null;
  const head = bytes.toString('latin1', 0, headEnd).toLowerCase();
  const field = head.indexOf('\r\ncontent-length:');
  if (field < 0) throw new Error(`a response without Content-Length cannot be measured:\n${head}`);
  const length = headEnd + 4 + Number.parseInt(head.slice(field + 17), 10);
  return bytes.length >= length ? length : null;
}

// All connections of the generator are read one after the other, so they can share one buffer.
const readBuffer = Buffer.allocUnsafe(64 * 1024);

/**
 * One keep-alive connection of the load generator, on a raw socket: the generator shares the machine with what it
 * measures. It costs 36 us a request (wrk with a script for unique keys: 31 us), most of it in system calls;
 * undici's client costs a multiple of that.
 */
export class HttpConnection {
  readonly #socket: Socket;
  readonly #onResponse: (status: number) => void;
  #rest: Buffer | null = null;

  /**
   * @param onResponse told of each answer's status
   * @param onClose told when the server closes or the connection fails; not after `close()`
   */
  constructor(url: URL, onResponse: (status: number) => void, onClose: (error: Error) => void) {
    this.#onResponse = onResponse;
    let failure: Error | null = null;
    this.#socket = connect({
      host: url.hostname,
      port: Number(url.port),
      noDelay: true,
      onread: {
        buffer: readBuffer,
        callback: (size) => {
          this.#read(readBuffer.subarray(0, size));
          return true;
        },
      },
    });
    this.#socket.once('error', (error) => {
      failure = error;
    });
    this.#socket.once('close', () => onClose(failure ?? new Error('closed by the server')));
  }

  connected(): Promise<void> {
    return new Promise((resolve) => this.#socket.once('connect', () => resolve()));
  }

  send(request: Buffer): void {
    this.#socket.write(request);
  }

  close(): void {
    this.#socket.removeAllListeners('close');
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    const bytes = this.#rest === null ? chunk : Buffer.concat([this.#rest, chunk]);
    const length = responseLength(bytes);
    if (length === null) {
      this.#rest = Buffer.from(bytes);
      return;
    }
    if (length !== bytes.length) throw new Error('an answer that nobody asked for');
    this.#rest = null;
    this.#onResponse(Number.parseInt(bytes.toString('latin1', 9, 12), 10));
  }
}
