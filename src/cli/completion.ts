import type { Command } from 'commander';
import { wrongUse } from './command-error.ts';
import type { CommandContext } from './context.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof SHELLS)[number];

const EXAMPLES = `
Examples:
  source <(hookbay completion bash)                                      (~/.bashrc)
  source <(hookbay completion zsh)                                       (~/.zshrc, after compinit)
  hookbay completion fish > ~/.config/fish/completions/hookbay.fish`;

/** What can be typed: made from the commands themselves, so that it cannot be out of date. */
interface Words {
  name: string;
  description: string;
  options: { flag: string; description: string }[];
}

export function addCompletion(program: Command, context: CommandContext): void {
  program
    .command('completion')
    .description('print the script that completes commands and options in a shell')
    .argument('<shell>', SHELLS.join(', '))
    .addHelpText('after', EXAMPLES)
    .action((shell: string) => {
      const known = SHELLS.find((name) => name === shell);
      if (known === undefined) throw wrongUse(`There is no completion for "${shell}".`, `There is one for ${SHELLS.join(', ')}.`);
      context.stdout.write(script(known, program.commands.map(wordsOf)));
    });
}

function wordsOf(command: Command): Words {
  const options = command.options.flatMap(({ long, description }) => (long ? [{ flag: long, description }] : []));
  return {
    name: command.name(),
    description: command.description(),
    options: [...options, { flag: '--help', description: 'show what there is' }],
  };
}

function script(shell: Shell, commands: readonly Words[]): string {
  switch (shell) {
    case 'bash':
      return bash(commands);
    case 'zsh':
      return zsh(commands);
    case 'fish':
      return fish(commands);
    default:
      return shell satisfies never;
  }
}

/** A word in single quotes, for any of the three. */
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

function bash(commands: readonly Words[]): string {
  const cases = commands.map(({ name, options }) => `    ${name}) words="${options.map(({ flag }) => flag).join(' ')}" ;;`);
  return `_hookbay() {
  local current="\${COMP_WORDS[COMP_CWORD]}" words
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${commands.map(({ name }) => name).join(' ')}" -- "$current"))
    return
  fi
  case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
    *) words="" ;;
  esac
  case "$current" in
    -*) COMPREPLY=($(compgen -W "$words" -- "$current")) ;;
    *) COMPREPLY=($(compgen -f -- "$current")) ;;
  esac
}
complete -o filenames -F _hookbay hookbay
`;
}

function zsh(commands: readonly Words[]): string {
  // A colon separates a word from its description, so those of a description are written with a backslash.
  const described = (word: string, text: string): string => quoted(`${word}:${text.replaceAll(':', '\\:')}`);
  const cases = commands.map(
    ({ name, options }) =>
      `    ${name}) options=(${options.map(({ flag, description }) => described(flag, description)).join(' ')}) ;;`,
  );
  return `#compdef hookbay
_hookbay() {
  local -a commands options
  commands=(${commands.map(({ name, description }) => described(name, description)).join(' ')})
  if (( CURRENT == 2 )); then
    _describe 'command' commands
    return
  fi
  case "$words[2]" in
${cases.join('\n')}
  esac
  if [[ "$PREFIX" == -* ]]; then _describe 'option' options; else _files; fi
}
compdef _hookbay hookbay
`;
}

function fish(commands: readonly Words[]): string {
  const lines = commands.flatMap(({ name, description, options }) => [
    `complete -c hookbay -n __fish_use_subcommand -f -a ${name} -d ${quoted(description)}`,
    ...options.map(
      ({ flag, description: text }) =>
        `complete -c hookbay -n '__fish_seen_subcommand_from ${name}' -l ${flag.slice(2)} -d ${quoted(text)}`,
    ),
  ]);
  return `${lines.join('\n')}\n`;
}
