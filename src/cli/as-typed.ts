import type { CommandContext } from './context.ts';

/** A command between backticks or as an example on a line of its own: its name, and what follows it. */
const COMMAND = /(^ {2}|`)hookbay (\w+)(?: ([^`\n]+))?/gm;

/** The commands in a text as they are typed here: in a clone `hookbay` is a script of npm, which wants `--` before what is not its own. */
export function asTyped({ env }: Pick<CommandContext, 'env'>, text: string): string {
  if (env.npm_package_name !== 'hookbay' || (env.npm_lifecycle_event !== 'start' && env.npm_lifecycle_event !== 'hookbay'))
    return text;
  return text.replace(COMMAND, (_, before: string, name: string, rest: string | undefined) => {
    const script = name === 'serve' ? 'npm start' : `npm run -s hookbay ${name}`;
    return `${before}${script}${rest === undefined ? '' : ` -- ${rest}`}`;
  });
}
