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
}

/** Runs a command in this process, with outputs that are no terminals. */
export async function hookbay(argv: readonly string[], setup: CommandSetup = {}): Promise<CommandResult> {
  const stdout = capture();
  const stderr = capture();
  const context: CommandContext = {
    argv,
    env: setup.env ?? {},
    cwd: setup.cwd ?? '/nonexistent',
    build: { version: '0.0.0-test', node: 'v0' },
    dashboardDir: '/nonexistent',
    memory: () => ({ rss: 0, heapUsed: 0, external: 0 }),
    stdin: standardInput(setup.stdin ?? ''),
    stdout,
    stderr,
    onSignal: () => undefined,
    onUncaught: () => undefined,
  };
  const exitCode = await runProgram(context);
  return { exitCode, stdout: stdout.text(), stderr: stderr.text() };
}

function capture(): Output & { text(): string } {
  const chunks: Buffer[] = [];
  return {
    write: (chunk) => void chunks.push(Buffer.from(chunk)),
    isTTY: false,
    columns: 80,
    colour: false,
    text: () => Buffer.concat(chunks).toString(),
  };
}

async function* standardInput(text: string): AsyncGenerator<string> {
  yield text;
}
