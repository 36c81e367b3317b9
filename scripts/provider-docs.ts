import { readFileSync, writeFileSync } from 'node:fs';
import { PROVIDER_NAMES } from '../src/providers/presets.ts';
import { describeProvider, KNOWN_MEANING, type ProviderDescription } from '../src/providers/words/description.ts';
import type { CredentialWords } from '../src/providers/words/scheme-words.ts';

/** Writes the generated part of docs/providers.md, and how many providers the README speaks of, from the table of presets: `npm run docs`. */

const PAGE = new URL('../docs/providers.md', import.meta.url);
const README = new URL('../README.md', import.meta.url);
const BEGIN = '<!-- Generated from src/providers/presets by `npm run docs`: what is below is not edited by hand. -->';

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
const code = (text: string): string => `\`${text}\``;

/** A place as it is written in the file is code; what is said about it, and words, are not. */
function place(text: string): string {
  const [written = '', condition] = text.split(/ (?=\()/);
  const shown = written.includes(':') ? code(written) : written;
  return condition === undefined ? shown : `${shown} ${condition}`;
}

const places = (list: readonly string[], none: string): string => (list.length === 0 ? none : list.map(place).join(', else '));

function overview(all: readonly ProviderDescription[]): string {
  const rows = all.map(({ name, label, known, verifies, eventType, dedupKey }) => {
    const cells = [
      `[\`${name}\`](#${name})`,
      label,
      known,
      verifies,
      places(eventType.slice(0, 1), ''),
      places(dedupKey.slice(0, 1), ''),
    ];
    return `| ${cells.map(cell).join(' | ')} |`;
  });
  return ['| name | provider | known | verified by | event type | dedup key |', '|---|---|---|---|---|---|', ...rows].join('\n');
}

function section(provider: ProviderDescription): string {
  const { name, label, known, note, verify, handshakeSetting, settings, credentials, send } = provider;
  const rows: [string, string | null][] = [
    ['known', known],
    ...settings.map((setting): [string, string] => [code(setting.name), `${setting.need}: ${setting.meaning}`]),
    ['`publicUrl`', provider.needsPublicUrl ? 'required, because the provider signs the URL that it posts to' : null],
    ...credentials.flatMap(credentialRows),
    ['dedup key', places(provider.dedupKey, 'none: events carry no key')],
    ['event type', places(provider.eventType, 'none: events name no type')],
    ...provider.handshakes.map((words): [string, string] => ['[handshake](handshakes.md)', words]),
    ['answers', provider.answers],
    ['can be changed', provider.overrides.length === 0 ? null : provider.overrides.map(code).join(', ')],
    ['try it', send === null ? 'only the provider can sign: have it send a test event' : code(send)],
  ];
  const table = rows.flatMap(([left, right]) => (right === null ? [] : [`| ${left} | ${cell(right)} |`]));
  const configured = verify.map((line) => [line, ...(handshakeSetting === null ? [] : [handshakeSetting])].join('\n'));
  const lines = ['```yaml', configured.join('\n```\n\nor\n\n```yaml\n'), '```'];
  return [`### ${name}`, '', `**${label}.** ${note}`, '', ...lines, '', '| | |', '|---|---|', ...table, ''].join('\n');
}

function credentialRows({ kind, where, form, message, algorithm, key, time }: CredentialWords): [string, string | null][] {
  const [written, more] = form?.split('; ') ?? [];
  const shown = written === undefined ? '' : `: ${code(written)}${more === undefined ? '' : `; ${more}`}`;
  return [
    [kind === 'token' || kind === 'basic' ? 'credential' : 'signature', where + shown],
    ['message', message?.startsWith('{') || message?.includes('{body}') ? code(message) : message],
    ['algorithm', algorithm],
    ['key', key],
    ['time', time],
  ];
}

/** The page: what is written by hand above the mark, then every preset. */
export function providersPage(current: string): string {
  const end = current.indexOf(BEGIN);
  const intro = end < 0 ? current : current.slice(0, end);
  const all = PROVIDER_NAMES.map(describeProvider);
  const known = Object.entries(KNOWN_MEANING).map(([words, meaning]) => `- ${words}: ${meaning}.`);
  const parts = ['## All presets', known.join('\n'), overview(all), '## Each in full', all.map(section).join('\n').trimEnd()];
  return `${intro.trimEnd()}\n\n${BEGIN}\n\n${parts.join('\n\n')}\n`;
}

/** The README with the number of presets in it. */
export function countedReadme(current: string): string {
  return current.replace(/webhooks of \d+ providers/, `webhooks of ${PROVIDER_NAMES.length} providers`);
}

if (import.meta.main) {
  writeFileSync(PAGE, providersPage(readFileSync(PAGE, 'utf8')));
  writeFileSync(README, countedReadme(readFileSync(README, 'utf8')));
}
