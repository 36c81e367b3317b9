import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { Readable } from 'node:stream';
import type { Command } from 'commander';
import { describeProvider, type ProviderDescription } from '../providers/words/description.ts';
import { asTyped } from './as-typed.ts';
import { CommandError, wrongUse } from './command-error.ts';
import type { CommandContext } from './context.ts';
import { printJson } from './print.ts';
import { providerNamed } from './provider-name.ts';
import { firstConfiguration, variablesOf } from './starter-file.ts';
import { painter } from './text.ts';

interface InitOptions {
  provider?: string;
  target?: string;
  publicUrl?: string;
  output: string;
  json?: boolean;
}

const EXAMPLES = `
Asks for what is not given, on a terminal. Never writes over a file.

Examples:
  hookbay init
  hookbay init --provider stripe --target http://app:3000/webhooks/stripe`;

const PROVIDER = 'knowledgesdk';
const TARGET = 'http://127.0.0.1:3000/webhooks';

export function addInit(program: Command, context: CommandContext): void {
  program
    .command('init')
    .description('write a first configuration, commented, for one provider and one target')
    .option('--provider <name>', 'who sends: a name of `hookbay providers`')
    .option('--target <url>', 'where events are delivered to')
    .option('--public-url <url>', 'where the provider reaches the relay')
    .option('-o, --output <file>', 'the file to write; must not exist', 'config.yaml')
    .option('--json', 'print what was written as JSON, for programs')
    .addHelpText('after', EXAMPLES)
    .action((options: InitOptions) => init(context, options));
}

async function init(context: CommandContext, options: InitOptions): Promise<void> {
  const answers = await askedFor(context, options);
  const provider = describeProvider(providerNamed(answers.provider));
  const target = checkedUrl('--target', answers.target);
  const publicUrl = answers.publicUrl === '' ? null : checkedUrl('--public-url', answers.publicUrl);
  if (provider.needsPublicUrl && publicUrl === null) {
    const hint =
      'Give it with --public-url: the scheme and host that you type into its page, for example https://hooks.example.com.';
    throw wrongUse(`${provider.label} signs the address that it posts to, so the relay has to know it.`, hint);
  }
  const file = resolve(context.cwd, options.output);
  await written(file, firstConfiguration({ provider, target, publicUrl }));
  const variables = variablesOf(provider);
  if (options.json) return printJson(context, { file, provider: provider.name, variables });
  context.stdout.write(nextSteps(context, { provider, file, output: options.output, variables, publicUrl }));
}

interface Answers {
  provider: string;
  target: string;
  publicUrl: string;
}

/** A question for each option that was left out, on a terminal; elsewhere what can be left out has its default. */
async function askedFor(context: CommandContext, options: InitOptions): Promise<Answers> {
  const { provider, target, publicUrl = '' } = options;
  if (provider !== undefined && target !== undefined) return { provider, target, publicUrl };
  if (!context.stdout.isTTY || options.json) {
    if (provider === undefined) throw wrongUse('Say who sends, with --provider.', '`hookbay providers` lists them.');
    return { provider, target: target ?? TARGET, publicUrl };
  }
  const input = createInterface({ input: Readable.from(context.stdin) });
  const lines = input[Symbol.asyncIterator]();
  const ask = async (question: string, given: string | undefined, usual: string): Promise<string> => {
    if (given !== undefined) return given;
    const paint = painter(context.stdout);
    context.stdout.write(`${paint('bold', question)} ${usual === '' ? '' : `${paint('dim', `(${usual})`)} `}`);
    const line = await lines.next();
    return line.done || line.value.trim() === '' ? usual : line.value.trim();
  };
  try {
    const chosen = await ask('Who sends the webhooks? A name of `hookbay providers`', provider, PROVIDER);
    const { needsPublicUrl, label } = describeProvider(providerNamed(chosen));
    return {
      provider: chosen,
      target: await ask('Where is your app? Events are posted there', target, TARGET),
      publicUrl: needsPublicUrl
        ? await ask(`Where does ${label} reach the relay? It signs that address`, options.publicUrl, '')
        : publicUrl,
    };
  } finally {
    input.close();
  }
}

function checkedUrl(option: string, text: string): string {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text;
  throw wrongUse(`${option} is not a URL: ${text}`, `For example ${TARGET}.`);
}

/** @throws CommandError 2 when the file is there */
async function written(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text, { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const hint = 'Give another name with --output, or add a route to it by hand.';
    throw new CommandError({ exitCode: 2, code: 'file_exists', message: `${file} is there already.`, hint });
  }
}

interface Written {
  provider: ProviderDescription;
  file: string;
  output: string;
  variables: readonly string[];
  publicUrl: string | null;
}

function nextSteps(context: CommandContext, { provider, file, output, variables, publicUrl }: Written): string {
  const paint = painter(context.stdout);
  const address = `${publicUrl ?? 'https://YOUR-HOST'}/webhooks/${provider.name}`;
  const named = output === 'config.yaml' ? '' : ` --config ${output}`;
  const steps = [
    ...variables.map((name) => `  export ${name}=…`),
    asTyped(context, `  hookbay check${named}`),
    asTyped(context, `  hookbay serve${named}`),
  ];
  return [
    `${paint('green', '✓')} ${file} is written. Next:\n\n`,
    ...steps.map((step) => `${step}\n`),
    `\nThen have ${provider.label} post to ${paint('bold', address)}.\n`,
    `${paint('dim', provider.note)}\n`,
    ...(provider.send === null ? [] : [`\nTry it without ${provider.label}:\n\n${asTyped(context, `  ${provider.send}`)}\n`]),
  ].join('');
}
