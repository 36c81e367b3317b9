import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AdminClient } from './admin-client.ts';
import { ChildProgram, type Exit } from './child-program.ts';
import { ENTRY } from './entry.ts';
import { ROUTE_PATH, TOKEN } from './knowledgesdk-event.ts';
import { waitFor } from './wait.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export interface RelaySetup {
  /** URL of the target `app`. */
  target: string;
  /** Keys of the target's configuration beside its URL. */
  targetOptions?: Record<string, unknown>;
  /** Top-level keys of the configuration, over the ones made here. */
  config?: Record<string, unknown>;
  /** Where configuration and data lie; a new temporary folder by default. */
  folder?: string;
  /** From the root of the repository; see {@link ENTRY} for the default. */
  entry?: string;
  /** Flags of node itself. */
  nodeFlags?: readonly string[];
  /** Put before the command, for example strace with its options. Must exec the relay as the same process. */
  wrapper?: readonly string[];
}

/** A configuration with one KnowledgeSDK route to one target, on free loopback ports. */
export function relayConfig(setup: RelaySetup): Record<string, unknown> {
  return {
    listen: '127.0.0.1:0',
    admin: { listen: '127.0.0.1:0' },
    storage: { url: 'sqlite:./data/hookbay.db', minFree: '1MiB' },
    targets: { app: { url: setup.target, ...setup.targetOptions } },
    routes: {
      knowledgesdk: { path: ROUTE_PATH, verify: { provider: 'knowledgesdk', token: TOKEN }, deliver: ['app'] },
    },
    ...setup.config,
  };
}

/** The relay did not get as far as taking webhooks. */
export class StartFailure extends Error {
  readonly program: ChildProgram;
  /** How it ended by itself; null when it had to be ended. */
  readonly exit: Exit | null;

  constructor(program: ChildProgram, exit: Exit | null, options: ErrorOptions) {
    super(`the relay did not start:\n${program.lines.slice(-20).join('\n')}`, options);
    this.program = program;
    this.exit = exit;
  }
}

/** The relay as an operator runs it: a process of its own over a folder that outlives it. */
export class RelayProcess {
  readonly program: ChildProgram;
  readonly folder: string;
  readonly publicUrl: string;
  readonly adminUrl: string;
  readonly admin: AdminClient;
  /** From the start of the process until it took webhooks, ms. */
  readonly readyMs: number;
  readonly #setup: RelaySetup;

  private constructor(
    setup: RelaySetup,
    program: ChildProgram,
    at: Pick<RelayProcess, 'folder' | 'publicUrl' | 'adminUrl' | 'readyMs'>,
  ) {
    this.#setup = setup;
    this.program = program;
    this.folder = at.folder;
    this.publicUrl = at.publicUrl;
    this.adminUrl = at.adminUrl;
    this.readyMs = at.readyMs;
    this.admin = new AdminClient(at.adminUrl);
  }

  /** Starts it and waits until it takes webhooks. @throws StartFailure when it does not */
  static async start(setup: RelaySetup): Promise<RelayProcess> {
    const folder = setup.folder ?? newFolder();
    const startedAt = performance.now();
    const program = launch({ ...setup, folder });
    try {
      const record = await program.record('listening', 60_000);
      const publicUrl = String(record.public);
      await waitFor('ready relay', async () => (await fetch(`${publicUrl}/readyz`)).ok, { everyMs: 5 });
      const at = { folder, publicUrl, adminUrl: String(record.admin), readyMs: performance.now() - startedAt };
      return new RelayProcess(setup, program, at);
    } catch (error) {
      const exit = program.exit;
      await program.kill();
      throw new StartFailure(program, exit, { cause: error });
    }
  }

  get hookUrl(): string {
    return `${this.publicUrl}${ROUTE_PATH}`;
  }

  get database(): string {
    return join(this.folder, 'data', 'hookbay.db');
  }

  kill(): Promise<Exit> {
    return this.program.kill();
  }

  stop(): Promise<Exit> {
    return this.program.stop();
  }

  /** Over the same data, after the process has ended. */
  startAgain(changes: Partial<RelaySetup> = {}): Promise<RelayProcess> {
    return RelayProcess.start({ ...this.#setup, ...changes, folder: this.folder });
  }

  /** Writes the configuration anew, with these changes: a reload takes it. */
  configure(changes: Partial<RelaySetup>): void {
    writeConfig({ ...this.#setup, ...changes, folder: this.folder });
  }

  /** Ends it and deletes its folder. */
  async remove(): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export function newFolder(): string {
  return mkdtempSync(join(tmpdir(), 'hookbay-'));
}

function writeConfig(setup: RelaySetup & { folder: string }): string {
  const file = join(setup.folder, 'config.yaml');
  writeFileSync(file, JSON.stringify(relayConfig(setup), null, 2)); // JSON is YAML
  return file;
}

/** Starts a relay without waiting for anything: for starts that must fail. */
export function launch(setup: RelaySetup & { folder: string }): ChildProgram {
  const file = writeConfig(setup);
  const entry = resolve(ROOT, setup.entry ?? ENTRY);
  const command = [...(setup.wrapper ?? []), process.execPath, ...(setup.nodeFlags ?? []), entry, 'serve', '--config', file];
  return new ChildProgram(command, { cwd: setup.folder });
}
