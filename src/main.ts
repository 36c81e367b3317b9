#!/usr/bin/env -S node --max-semi-space-size=16 --v8-pool-size=1 --expose-gc
import { readFileSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import type { CommandContext, Output, StopSignal } from './cli/context.ts';

/** The only file that touches the process: it lends the commands what they need, and ends it. */
const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const { env, stdout, stderr } = process;
const OLDEST_NODE = 24;

if (Number.parseInt(process.versions.node, 10) < OLDEST_NODE) {
  stderr.write(`Hookbay needs Node ${OLDEST_NODE} or newer; this is Node ${process.versions.node}.\n`);
  process.exit(2);
}

function version(): string {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  return version;
}

/** https://no-color.org: any value but the empty one means no colour; FORCE_COLOR is for programs that capture the output. */
function showsColour(stream: NodeJS.WriteStream): boolean {
  if (env.NO_COLOR !== undefined && env.NO_COLOR !== '') return false;
  if (env.FORCE_COLOR !== undefined) return env.FORCE_COLOR !== '0';
  return stream.isTTY === true && env.TERM !== 'dumb';
}

function output(stream: NodeJS.WriteStream): Output {
  return {
    write: (chunk) => void stream.write(chunk),
    isTTY: stream.isTTY === true,
    get columns() {
      return stream.columns ?? 80;
    },
    colour: showsColour(stream),
  };
}

function onSignal(listener: (signal: StopSignal) => void): void {
  const signals: StopSignal[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.on(signal, listener);
}

function onUncaught(listener: (error: unknown) => void): void {
  // Rejections that nobody handles arrive here too.
  process.on('uncaughtException', listener);
}

/** A reader that has seen enough, as in `hookbay events | head`, is no failure. */
for (const stream of [stdout, stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
}

const context: CommandContext = {
  argv: process.argv.slice(2),
  env,
  cwd: process.cwd(),
  build: { version: version(), node: process.version },
  dashboardDir: join(root, 'dist/dashboard'),
  memory: () => process.memoryUsage(),
  yieldProcessor: () => setPriority(constants.priority.PRIORITY_LOW),
  // There with --expose-gc, one of the flags that are shipped.
  collectGarbage: () => void globalThis.gc?.(),
  stdin: process.stdin,
  stdout: output(stdout),
  stderr: output(stderr),
  onSignal,
  onUncaught,
};

// Only now: an older Node cannot load what this imports, and would say so in words of its own.
const { runProgram } = await import('./cli/program.ts');
const exitCode = await runProgram(context);
// What was written may still be on its way into a pipe.
stdout.write('', () => stderr.write('', () => process.exit(exitCode)));
