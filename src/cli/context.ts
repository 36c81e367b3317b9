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
  stdin: AsyncIterable<Uint8Array | string>;
  stdout: Output;
  stderr: Output;
  /** Hears signals instead of their default effect, until the returned function is called. */
  onSignal(listener: (signal: StopSignal) => void): () => void;
  /** Hears errors that nothing caught, until the returned function is called. */
  onUncaught(listener: (error: unknown) => void): () => void;
}
