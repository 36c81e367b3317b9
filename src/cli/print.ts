import type { CommandContext } from './context.ts';

/** JSON on one line for programs, indented for people. */
export function printJson(context: CommandContext, value: unknown): void {
  context.stdout.write(`${JSON.stringify(value, null, context.stdout.isTTY ? 2 : undefined)}\n`);
}

/** Says how to get the next page. On stderr, so that a pipe gets rows only. */
export function printMore(context: CommandContext, cursor: string | null): void {
  if (cursor !== null) context.stderr.write(`There is more: add --cursor ${cursor}\n`);
}
