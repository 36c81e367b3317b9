import {
  type Condition,
  type Handshake,
  type HandshakeReply,
  type HandshakeSetting,
  handshakesOf,
  neededSettings,
} from '../handshakes.ts';
import type { ProviderName } from '../presets.ts';
import type { SourceText } from '../source.ts';
import { placeWords } from './scheme-words.ts';
import { listed } from './text.ts';

/** The handshakes of a provider, each in a sentence. */
export function handshakeWords(provider: ProviderName): string[] {
  return handshakesOf(provider).map(sentence);
}

const EXAMPLES: Readonly<Record<HandshakeSetting, (provider: ProviderName) => string>> = {
  verifyToken: (provider) => `"\${${provider.toUpperCase()}_VERIFY_TOKEN}"`,
  topic: () => 'https://example.com/feed',
};

/** The line to paste beside `verify` for handshakes whose sender has no signature to show; null when nothing is needed. */
export function handshakeLine(provider: ProviderName): string | null {
  const settings = neededSettings(provider).map((setting) => `${setting}: ${EXAMPLES[setting](provider)}`);
  return settings.length === 0 ? null : `handshake: { ${settings.join(', ')} }`;
}

function the(at: SourceText): string {
  return at.startsWith('header:') ? `the ${placeWords(at)}` : placeWords(at);
}

function sentence({ method, stage, when, check, reply }: Handshake): string {
  const must = check === undefined ? '' : `, where ${the(check.at)} must be in \`handshake.${check.setting}\``;
  const unsigned = stage === 'before' && check === undefined ? ', unsigned' : '';
  return `${method} ${listed(when.map(conditionWords))}${unsigned}${must}: ${replyWords(reply)}.`;
}

function conditionWords(condition: Condition): string {
  const place = the(condition.at);
  if ('is' in condition) return `where ${place} is ${condition.is.join(' or ')}`;
  if ('empty' in condition) return `where ${place} is an empty list`;
  return condition.there ? `with ${place}` : `without ${place}`;
}

function replyWords(reply: HandshakeReply): string {
  switch (reply.kind) {
    case 'echo':
      return `answered with the value of ${the(reply.from)}, ${reply.form === 'text' ? 'as text' : `as \`${reply.form.field}\` in JSON`}`;
    case 'prove':
      return `answered with the HMAC of ${the(reply.token)} under the secret, as \`${reply.form.field}\` in JSON`;
    case 'fixed':
      return reply.json === null ? `answered with ${reply.status}` : `answered with \`${reply.json}\``;
    case 'confirm':
      return `answered once the URL under ${the(reply.url)} was fetched, which is done on hosts of the provider only`;
    case 'learn':
      return `the secret is in ${the(reply.secret)}; it is taken while the route is armed with \`hookbay arm ROUTE\`${
        reply.shown ? ', and `hookbay arm ROUTE --show` prints it, to be typed into the page of the provider' : ''
      }`;
    default:
      return reply satisfies never;
  }
}
