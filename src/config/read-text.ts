import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

/** Far more than a configuration, a schema or a certificate has. */
const MOST_BYTES = 16 * 1024 * 1024;

const decoder = new TextDecoder('utf-8', { fatal: true });

/** Reads a text file in UTF-8. @throws Error when it cannot be read or is too large */
export function readText(path: string): string {
  return textOf(path, false);
}

/**
 * The same while requests are served: a pipe, which may keep whoever reads it waiting for ever, is refused.
 * @throws Error when it cannot be read, is too large or no regular file
 */
export function readRegularText(path: string): string {
  return textOf(path, true);
}

function textOf(path: string, onlyRegular: boolean): string {
  // Without waiting, for opening a pipe waits for who writes into it.
  const fd = openSync(path, onlyRegular ? constants.O_RDONLY | constants.O_NONBLOCK : constants.O_RDONLY);
  try {
    if (onlyRegular && !fstatSync(fd).isFile()) throw new Error(`${path} is no regular file`);
    const pieces: Buffer[] = [];
    for (let bytes = 0; ; ) {
      const piece = Buffer.allocUnsafe(64 * 1024);
      const length = readSync(fd, piece);
      if (length === 0) return decoder.decode(Buffer.concat(pieces));
      bytes += length;
      if (bytes > MOST_BYTES) throw new Error(`${path} is larger than ${MOST_BYTES} bytes`);
      pieces.push(piece.subarray(0, length));
    }
  } finally {
    closeSync(fd);
  }
}
