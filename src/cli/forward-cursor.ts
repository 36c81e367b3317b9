import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { CommandContext } from './context.ts';

/** What is forwarded from where to where: one place in the stream is kept for each. */
export interface Forwarding {
  relay: string;
  to: string;
  route: string | null;
  type: string | null;
}

/**
 * Remembers on this machine how far events were forwarded, so that a command that was ended, or killed, goes on where it
 * stopped. In `$XDG_STATE_HOME/hookbay/forward`, by default `~/.local/state` (XDG Base Directory Specification).
 */
export class ForwardCursor {
  readonly #folder: string;
  readonly #file: string;

  constructor({ env }: CommandContext, forwarding: Forwarding) {
    const state = env.XDG_STATE_HOME || join(env.HOME || homedir(), '.local', 'state');
    const name = createHash('sha256').update(JSON.stringify(forwarding)).digest('hex').slice(0, 16);
    this.#folder = join(state, 'hookbay', 'forward');
    this.#file = join(this.#folder, `${name}.json`);
  }

  /** The id of the last event that was done with, or null. */
  async read(): Promise<string | null> {
    try {
      const { after } = JSON.parse(await readFile(this.#file, 'utf8')) as { after?: unknown };
      return typeof after === 'string' ? after : null;
    } catch {
      return null; // Nothing was forwarded yet, or the file is damaged: then it begins anew.
    }
  }

  /** Replaces the file as a whole: one that is killed while it writes leaves the former one. */
  async write(after: string): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const unfinished = `${this.#file}.tmp`;
    await writeFile(unfinished, `${JSON.stringify({ after })}\n`, { mode: 0o600 });
    await rename(unfinished, this.#file);
  }
}
