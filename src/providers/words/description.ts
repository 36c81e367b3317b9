import { learnsSecret } from '../handshakes.ts';
import { type ProviderName, presetOf } from '../presets.ts';
import type { KeyScheme, KnownBy, ProviderPreset, ReplyHints } from '../scheme.ts';
import { settingsOf, signsUrl } from '../sender.ts';
import { isSignable } from '../sign.ts';
import { handshakeLine, handshakeWords } from './handshake-words.ts';
import { type CredentialWords, credentialWords, schemeSummary } from './scheme-words.ts';
import { type SettingWords, sendCommand, settingWords, verifyLines } from './setup.ts';

/** All that a person needs to know of a preset, in words; the command line and the documentation show it. */
export interface ProviderDescription {
  name: ProviderName;
  label: string;
  known: KnownWords;
  /** How it verifies, in one line. */
  verifies: string;
  note: string;
  /** Lines to paste into a route, one for each way to verify. */
  verify: readonly string[];
  /** A line to paste beside it, for handshakes; null when they need none. */
  handshakeSetting: string | null;
  /** Whether `publicUrl` has to be configured, because the provider signs it. */
  needsPublicUrl: boolean;
  settings: readonly SettingWords[];
  /** Keys under `verify` that change single fields of the preset. */
  overrides: readonly string[];
  credentials: readonly CredentialWords[];
  /** Where an event's key is found, the first that is there; empty when events have none. */
  dedupKey: readonly string[];
  /** Where an event's type is found; empty when events name none. */
  eventType: readonly string[];
  /** What it sends that is no event and wants a certain answer, each in a sentence. */
  handshakes: readonly string[];
  /** What the provider wants of answers. */
  answers: string | null;
  /** The command that signs a test event like the provider; null when only the provider can. */
  send: string | null;
}

export type KnownWords = 'vendor-verified' | 'documented' | 'from catalogues';

const KNOWN: Readonly<Record<KnownBy, KnownWords>> = {
  vendor: 'vendor-verified',
  documented: 'documented',
  catalogue: 'from catalogues',
};

/** What the words for how well a preset is known mean. */
export const KNOWN_MEANING: Readonly<Record<KnownWords, string>> = {
  'vendor-verified': "the vendor's own code was run against it, or an example of theirs recomputed",
  documented: "the vendor's documents or sources were read",
  'from catalogues': "other people's lists and experience only; try it with a real webhook before you rely on it",
};

const OVERRIDES: readonly string[] = ['from', 'header', 'message', 'timestamp', 'tolerance'];
/** KnowledgeSDK has names of its own, because only one of its two credentials is signed. */
const OWN_NAMES: Readonly<Record<string, string>> = { message: 'hmacTemplate', timestamp: 'hmacTimestamp' };

export function describeProvider(name: ProviderName): ProviderDescription {
  const preset = presetOf(name);
  return {
    name,
    label: preset.label,
    known: KNOWN[preset.knownBy],
    verifies: preset.auth.map(schemeSummary).join(', or '),
    note: preset.note,
    verify: learnsSecret(name) ? [`verify: { provider: ${name} }`] : verifyLines(name, preset),
    handshakeSetting: handshakeLine(name),
    needsPublicUrl: preset.auth.some(signsUrl),
    settings: settingWords(preset, learnsSecret(name)),
    overrides: overridesOf(name, preset),
    credentials: preset.auth.map(credentialWords),
    dedupKey: preset.id.map(keyText),
    eventType: [...preset.type],
    handshakes: handshakeWords(name),
    answers: preset.reply === undefined ? null : answerWords(preset.reply),
    send: isSignable(preset) ? sendCommand(name, preset) : null,
  };
}

function overridesOf(name: ProviderName, preset: ProviderPreset): string[] {
  const params = Object.keys(preset.params ?? {});
  return settingsOf(preset)
    .filter((key) => OVERRIDES.includes(key) && !params.includes(key))
    .map((key) => (name === 'knowledgesdk' ? (OWN_NAMES[key] ?? key) : key));
}

/** As `dedup.key` and `custom.id` are written. */
function keyText(scheme: KeyScheme): string {
  if (scheme === 'hash') return 'hash of the body';
  if (typeof scheme === 'string') return scheme;
  return scheme.unless === undefined ? scheme.template : `${scheme.template} (where there is no ${scheme.unless})`;
}

function answerWords({ ok, emptyBody, never }: ReplyHints): string {
  return [
    ...(ok === undefined ? [] : [`wants ${ok}`]),
    ...(emptyBody ? ['wants an empty body'] : []),
    ...(never === undefined ? [] : [`stops for good when it is answered ${never}`]),
  ].join('; ');
}
