/** Where a command writes. `columns` and `colour` follow the terminal, or the defaults of a pipe. */
export interface Output {
  write(chunk: string | Uint8Array): void;
  isTTY: boolean;
  readonly columns: number;
  colour: boolean;
}

export type StopSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP';

/** All that a command may use of the process that it runs in; made by main.ts only. */
export interface CommandContext {
  /** The words after the program's name. */
  argv: readonly string[];
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
  build: { version: string; node: string };
  /** Where the built page is, whether or not it was built. */
  dashboardDir: string;
  /** Bytes. */
  memory(): { rss: number; heapUsed: number; external: number };
  /** From now on other processes of this machine go first. */
  yieldProcessor(): void;
  /** Frees what was only needed to start. */
  collectGarbage(): void;
  stdin: AsyncIterable<Uint8Array | string>;
  stdout: Output;
  stderr: Output;
  /** Hears signals instead of their default effect, to the end: one that comes late must not change the exit code. */
  onSignal(listener: (signal: StopSignal) => void): void;
  /** Hears errors that nothing caught. */
  onUncaught(listener: (error: unknown) => void): void;
}
