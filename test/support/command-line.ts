import type { CommandContext, Output } from '../../src/cli/context.ts';
import { runProgram } from '../../src/cli/program.ts';

export interface CommandResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}

export interface CommandSetup {
  env?: Record<string, string>;
  cwd?: string;
  stdin?: string;
  /** Columns of a terminal that the output is; without it the output is a pipe. */
  terminal?: number;
}

/** Runs a command in this process. */
export async function hookbay(argv: readonly string[], setup: CommandSetup = {}): Promise<CommandResult> {
  const stdout = capture(setup.terminal);
  const stderr = capture();
  const context: CommandContext = {
    argv,
    env: setup.env ?? {},
    cwd: setup.cwd ?? '/nonexistent',
    build: { version: '0.0.0-test', node: 'v0' },
    dashboardDir: '/nonexistent',
    memory: () => ({ rss: 0, heapUsed: 0, external: 0 }),
    yieldProcessor: () => undefined,
    collectGarbage: () => undefined,
    stdin: standardInput(setup.stdin ?? ''),
    stdout,
    stderr,
    onSignal: () => undefined,
    onUncaught: () => undefined,
  };
  const exitCode = await runProgram(context);
  return { exitCode, stdout: stdout.text(), stderr: stderr.text() };
}

function capture(terminal?: number): Output & { text(): string } {
  const chunks: Buffer[] = [];
  return {
    write: (chunk) => void chunks.push(Buffer.from(chunk)),
    isTTY: terminal !== undefined,
    columns: terminal ?? 80,
    colour: false,
    text: () => Buffer.concat(chunks).toString(),
  };
}

async function* standardInput(text: string): AsyncGenerator<string> {
  yield text;
}
