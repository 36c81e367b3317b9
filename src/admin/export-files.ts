import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';

/** The file is shorter than what was recorded of it, or not there: somebody removed it, or it is not the folder of this database. */
export class ExportFileLost extends Error {
  readonly code = 'export_file_lost';

  constructor(name: string) {
    super(`What was written to ${name} is not there any more`);
    this.name = 'ExportFileLost';
  }
}

const SUFFIX = '.ndjson';

/** Files of exports in a folder of their own, for the relay's user alone. */
export class ExportFiles {
  readonly #folder: string;

  /** @param folder absolute; made when the first file is */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * Puts lines at a position, cuts off what was behind it, and syncs: a line that a crash has torn is behind the position that was
   * recorded.
   * @returns length of the file
   * @throws ExportFileLost when the file is shorter than the position
   */
  async append(taskId: string, position: number, lines: Buffer): Promise<number> {
    if (position === 0) await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const file = await this.#opened(taskId, position);
    try {
      if ((await file.stat()).size < position) throw new ExportFileLost(this.#nameOf(taskId));
      await file.truncate(position);
      await writeAll(file, lines, position);
      await file.sync();
    } finally {
      await file.close();
    }
    if (position === 0) await this.#syncFolder();
    return position + lines.length;
  }

  /** Null when it is not there. */
  async size(taskId: string): Promise<number | null> {
    return stat(this.#pathOf(taskId)).then(
      ({ size }) => size,
      () => null,
    );
  }

  /** The first `bytes` of a file. */
  read(taskId: string, bytes: number): Readable {
    return bytes === 0 ? Readable.from([]) : createReadStream(this.#pathOf(taskId), { end: bytes - 1 });
  }

  /** Ids of the tasks that have a file. */
  async list(): Promise<string[]> {
    const names = await readdir(this.#folder).catch(() => []);
    return names.filter((name) => name.endsWith(SUFFIX)).map((name) => name.slice(0, -SUFFIX.length));
  }

  async remove(taskId: string): Promise<void> {
    await rm(this.#pathOf(taskId), { force: true });
  }

  /** Bytes that may still be used on the disk of the folder. */
  async free(): Promise<number> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const { bavail, bsize } = await statfs(this.#folder);
    return bavail * bsize;
  }

  #opened(taskId: string, position: number): Promise<FileHandle> {
    const path = this.#pathOf(taskId);
    if (position === 0) return open(path, 'w', 0o600);
    return open(path, 'r+').catch((error: NodeJS.ErrnoException) => {
      throw error.code === 'ENOENT' ? new ExportFileLost(this.#nameOf(taskId)) : error;
    });
  }

  /** So that a new file is there after a power loss as well. */
  async #syncFolder(): Promise<void> {
    const folder = await open(this.#folder, 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  }

  #nameOf(taskId: string): string {
    return `${taskId.replaceAll(/\W/g, '')}${SUFFIX}`;
  }

  #pathOf(taskId: string): string {
    return join(this.#folder, this.#nameOf(taskId));
  }
}

async function writeAll(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let written = 0; written < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, written, bytes.length - written, position + written);
    written += bytesWritten;
  }
}
