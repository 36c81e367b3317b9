import type { Command } from 'commander';
import { PROVIDER_NAMES } from '../providers/presets.ts';
import { describeProvider, KNOWN_MEANING, type ProviderDescription } from '../providers/words/description.ts';
import type { CredentialWords } from '../providers/words/scheme-words.ts';
import { asTyped } from './as-typed.ts';
import type { CommandContext } from './context.ts';
import { printJson } from './print.ts';
import { providerNamed } from './provider-name.ts';
import { type Column, facts, table } from './table.ts';

const EXAMPLES = `
What has no preset is verified by a scheme of your own: see docs/providers.md.

Examples:
  hookbay providers
  hookbay providers stripe
  hookbay providers --json`;

export function addProviders(program: Command, context: CommandContext): void {
  program
    .command('providers')
    .description('list the providers that can be verified by name, or show one in full')
    .argument('[provider]', 'name of the provider')
    .option('--json', 'print it as JSON, for programs')
    .addHelpText('after', EXAMPLES)
    .action((name: string | undefined, options: { json?: boolean }) => {
      const { json } = options;
      if (name === undefined) {
        const all = PROVIDER_NAMES.map(describeProvider);
        if (json) printJson(context, { data: all, nextCursor: null });
        else list(context, all);
        return;
      }
      const provider = describeProvider(providerNamed(name));
      if (json) printJson(context, provider);
      else show(context, provider);
    });
}

function list(context: CommandContext, all: readonly ProviderDescription[]): void {
  const columns: Column<ProviderDescription>[] = [
    { title: 'NAME', cell: ({ name }) => name },
    { title: 'PROVIDER', cell: ({ label }) => label },
    { title: 'KNOWN', cell: ({ known }) => known },
    { title: 'VERIFIED BY', cell: ({ verifies }) => verifies },
    { title: 'EVENT TYPE', cell: ({ eventType }) => firstOf(eventType) },
    { title: 'DEDUP KEY', cell: ({ dedupKey }) => firstOf(dedupKey) },
  ];
  context.stdout.write(table(context.stdout, columns, all));
  context.stderr.write(asTyped(context, 'All about one, with the lines to paste: `hookbay providers NAME`\n'));
}

/** In a table the first place has to do, and of a long path its end. */
function firstOf(places: readonly string[]): string {
  const [first, ...more] = places;
  if (first === undefined) return '-';
  const short = first.replaceAll(/body:[^{}]*\.([^.{}]+\.[^.{}]+)/g, 'body:…$1');
  return more.length === 0 ? short : `${short}, …`;
}

function show(context: CommandContext, provider: ProviderDescription): void {
  const { name, label, known, note, credentials, overrides, answers, send } = provider;
  const pairs: [string, string | null][] = [
    ['provider', `${name} (${label})`],
    ['known', `${known}: ${KNOWN_MEANING[known]}`],
    ['note', note],
    ...several('configure', provider.verify),
    ['', provider.handshakeSetting],
    ['publicUrl', provider.needsPublicUrl ? 'has to be configured, because the provider signs the URL that it posts to' : null],
    ...provider.settings.map((setting): [string, string] => [setting.name, `${setting.need}: ${setting.meaning}`]),
    ['overrides', overrides.length === 0 ? null : overrides.join(', ')],
    ...credentials.flatMap(credentialFacts),
    ...several('dedup key', provider.dedupKey.length === 0 ? ['none: events carry no key'] : provider.dedupKey),
    ...several('event type', provider.eventType.length === 0 ? ['none: events name no type'] : provider.eventType),
    ...several('handshake', provider.handshakes),
    ['answers', answers],
    ['try it', send === null ? 'only the provider can sign: have it send a test event' : asTyped(context, `  ${send}`).trim()],
  ];
  context.stdout.write(facts(context.stdout, pairs));
}

function credentialFacts({ kind, where, form, message, algorithm, key, time }: CredentialWords): [string, string | null][] {
  return [
    [kind === 'token' || kind === 'basic' ? 'credential' : 'signature', form === null ? where : `${where}: ${form}`],
    ['  message', message],
    ['  algorithm', algorithm],
    ['  key', key],
    ['  time', time],
  ];
}

/** The name stands before the first only. */
function several(name: string, values: readonly string[]): [string, string][] {
  return values.map((value, i) => [i === 0 ? name : '', value]);
}
