import type { CommandContext } from './context.ts';

/** Aborted by the first signal: for commands that go on until somebody ends them, which is no failure. */
export function untilSignal(context: CommandContext): AbortSignal {
  const ending = new AbortController();
  context.onSignal(() => ending.abort());
  return ending.signal;
}
