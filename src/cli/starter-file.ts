import type { ProviderDescription } from '../providers/words/description.ts';
import { wrapped } from './text.ts';

/** What a first configuration is made of. */
export interface Starter {
  provider: ProviderDescription;
  target: string;
  publicUrl: string | null;
}

const WIDTH = 100;
const LONGEST_KEY = 60;

const comment = (text: string, indent: string): string[] =>
  wrapped(text, WIDTH - indent.length).map((line) => `${indent}# ${line}`);

/** The environment variables that the first way to verify needs, with the token of the admin API. */
export function variablesOf({ verify, handshakeSetting }: ProviderDescription): string[] {
  const text = [verify[0] ?? '', handshakeSetting ?? ''].join('\n');
  return [...new Set([...text.matchAll(/\$\{([A-Z0-9_]+)\}/g)].map(([, name]) => name ?? ''))];
}

/** Some keys are made of many parts, which nobody reads here. */
const keyWords = (provider: string, keys: string): string =>
  keys.length <= LONGEST_KEY ? keys : `a key that \`hookbay providers ${provider}\` shows`;

/** A configuration that loads as it stands once its variables are set, with what one wants to change next in comments. */
export function firstConfiguration({ provider, target, publicUrl }: Starter): string {
  const { name, label, note, verify, handshakeSetting, dedupKey, eventType } = provider;
  const [first = 'verify: none', ...others] = verify;
  const lines = [
    '# Hookbay: see docs/configuration.md for every key, and `hookbay check` for what is in force.',
    '',
    '# Takes webhooks. Put a proxy with TLS in front, or set `tls`.',
    'listen: 0.0.0.0:8080',
    ...(publicUrl === null
      ? ['# publicUrl: https://hooks.example.com   # where senders reach it']
      : [`publicUrl: ${JSON.stringify(publicUrl)}`]),
    '',
    '# Private: API, page and metrics. On another address than loopback it needs `token: "${HOOKBAY_ADMIN_TOKEN}"`.',
    'admin: { listen: 127.0.0.1:8081 }',
    '',
    'storage:',
    "  # A relative path starts at this file's folder. Keep it on a local disk.",
    '  url: sqlite:./data/hookbay.db',
    '  # retention: { delivered: 14d, dead: 90d }',
    '',
    'targets:',
    '  app:',
    `    url: ${JSON.stringify(target)}`,
    '    # timeout: 30s       # of one attempt',
    '    # concurrency: 16    # attempts at once',
    '    # sign: { secret: "${HOOKBAY_SIGNING_SECRET}" }   # so that your app can verify them',
    '',
    'routes:',
    `  ${name}:`,
    ...comment(`${label}. ${note}`, '    '),
    `    path: /webhooks/${name}`,
    `    ${first}`,
    ...others.map((line) => `    # or: ${line}`),
    ...(handshakeSetting === null ? [] : [`    ${handshakeSetting}`]),
    ...comment(
      dedupKey.length === 0
        ? `Events of ${label} carry no key: name one with \`dedup: { key: header:x-id }\` to drop duplicates.`
        : `Duplicates are known for 7 days, by ${keyWords(name, dedupKey.join(', '))}.`,
      '    ',
    ),
    '    deliver:',
    '      - app',
    ...(eventType.length === 0
      ? []
      : ['      # - { target: audit, events: [SOME_EVENT] }   # a second target, for some types only']),
    '',
  ];
  return lines.join('\n');
}
