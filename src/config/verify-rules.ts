import { HookbayError } from '../domain/errors.ts';
import { handshakesOf, learnsSecret } from '../providers/handshakes.ts';
import { publicKey, sharedKey } from '../providers/keys.ts';
import { isProviderName, type ProviderName, presetOf } from '../providers/presets.ts';
import type { AuthScheme } from '../providers/scheme.ts';
import { secretName, settingsOf, signsUrl } from '../providers/sender.ts';
import type { Path } from './fault.ts';
import { closest } from './suggest.ts';
import { type TreeFault, valueAt } from './tree.ts';

/** Whether a secret, or a list of them, holds one that is not empty. What is no secret at all has a fault of its own. */
export function isConfigured(secret: unknown): boolean {
  if (Array.isArray(secret)) return secret.some(isConfigured);
  return secret !== undefined && secret !== '';
}

/** Whether a route takes what anybody sends. */
export function isUnverified(file: unknown, route: Path): boolean {
  return valueAt(file, [...route, 'verify']) === 'none';
}

/** The route's preset, or null for `none`, `custom` and what is no provider. */
export function providerAt(file: unknown, route: Path): ProviderName | null {
  const name = valueAt(file, [...route, 'verify', 'provider']);
  return typeof name === 'string' && isProviderName(name) ? name : null;
}

/** The keys that a preset knows under `verify`; KnowledgeSDK has names of its own for what the HMAC is made of. */
function keysOf(provider: ProviderName): string[] {
  // Whoever proves his secret over any text that is asked for must sign events as they are: another message could be such a text.
  const isFixed = handshakesOf(provider).some(({ stage, reply }) => stage === 'before' && reply.kind === 'prove');
  const settings = settingsOf(presetOf(provider)).filter((key) => !isFixed || (key !== 'message' && key !== 'timestamp'));
  if (provider !== 'knowledgesdk') return settings;
  const own: Readonly<Record<string, string>> = { message: 'hmacTemplate', timestamp: 'hmacTimestamp' };
  return settings.map((key) => own[key] ?? key);
}

/** What goes together under `verify`. */
export function verifyRules(file: unknown, route: Path): TreeFault[] {
  const at = [...route, 'verify'];
  const verify = valueAt(file, at);
  if (typeof verify !== 'object' || verify === null || Array.isArray(verify)) return [];
  const custom = valueAt(verify, ['custom']);
  if (custom !== undefined) return customRules(file, at, custom);
  const provider = providerAt(file, route);
  if (provider !== null) return presetRules(file, at, provider);
  if (valueAt(verify, ['provider']) !== undefined) return []; // told by the schema
  const expected = 'the name of a provider, or `custom` with a scheme of your own';
  return [{ path: [...at, 'provider'], code: 'missing_key', message: `${at.join('.')}.provider is missing`, expected }];
}

function presetRules(file: unknown, at: Path, provider: ProviderName): TreeFault[] {
  const { auth } = presetOf(provider);
  return [
    ...foreignKeys(file, at, provider),
    ...twoPlaces(file, at),
    ...missingParams(file, at, provider),
    ...secretRules(file, at, provider),
    ...auth.flatMap((scheme) => keyRules(file, at, scheme)),
    ...messageRules(file, at, provider),
  ];
}

function foreignKeys(file: unknown, at: Path, provider: ProviderName): TreeFault[] {
  const known = ['provider', ...keysOf(provider)];
  const names = secretNames(provider);
  const verify = valueAt(file, at) as object;
  return Object.keys(verify)
    .filter((key) => KEYS.has(key) && !known.includes(key) && valueAt(verify, [key]) !== undefined)
    .map((key): TreeFault => {
      const near = SECRET_KEYS.has(key) ? names[0] : closest(key, known);
      const fault: TreeFault = {
        path: [...at, key],
        atKey: true,
        code: 'unknown_key',
        message: `${provider} has no use for the key ${JSON.stringify(key)}`,
        expected: `one of ${known.join(', ')}`,
      };
      return near === undefined ? fault : { ...fault, suggestion: near };
    });
}

function twoPlaces(file: unknown, at: Path): TreeFault[] {
  if (valueAt(file, [...at, 'from']) === undefined || valueAt(file, [...at, 'header']) === undefined) return [];
  const message = 'both from and header say where the credential is';
  return [{ path: [...at, 'header'], atKey: true, code: 'contradiction', message, expected: 'one of them' }];
}

const SECRET_KEYS: ReadonlySet<string> = new Set(['secret', 'token', 'hmac', 'publicKey', 'password']);
/** The keys of the schema; any other is told there. */
const KEYS: ReadonlySet<string> = new Set([
  ...SECRET_KEYS,
  ...['username', 'webhookId', 'topicArn', 'header', 'require', 'from', 'message', 'timestamp', 'hmacTemplate', 'hmacTimestamp'],
  'tolerance',
]);

function missingParams(file: unknown, at: Path, provider: ProviderName): TreeFault[] {
  const { params = {}, auth } = presetOf(provider);
  // A password is worth nothing without its user.
  const isNeeded = (name: string): boolean =>
    name === 'username' && auth.some(({ kind }) => kind === 'basic') && isConfigured(valueAt(file, [...at, 'password']));
  return Object.entries(params)
    .filter(([name, { required }]) => (required || isNeeded(name)) && !isConfigured(valueAt(file, [...at, name])))
    .map(([name, { description }]) => ({
      path: [...at, name],
      code: 'missing_key',
      message: `${provider} needs ${name}`,
      expected: description,
    }));
}

function secretNames(provider: ProviderName): string[] {
  return presetOf(provider).auth.flatMap((scheme) => secretName(scheme) ?? []);
}

function secretRules(file: unknown, at: Path, provider: ProviderName): TreeFault[] {
  const names = secretNames(provider);
  if (names.length === 0) return [];
  const configured = names.filter((name) => isConfigured(valueAt(file, [...at, name])));
  // What the provider hands over itself comes later: see docs/handshakes.md.
  if (configured.length === 0 && learnsSecret(provider)) return [];
  if (configured.length === 0) {
    const [only] = names;
    const subject = names.length === 1 ? `${only} is not` : `neither ${names.join(' nor ')} is`;
    return [
      {
        path: at,
        code: 'no_secret',
        message: `${subject} configured, so every request would be refused`,
        expected: `${names.join(', ')}${names.length === 1 ? '' : ' or both'}, not empty; or \`verify: none\` to take anything`,
      },
    ];
  }
  if (valueAt(file, [...at, 'require']) !== 'all' || configured.length === names.length) return [];
  const missing = names.filter((name) => !configured.includes(name));
  const message = `require: all asks for all credentials, but ${missing.join(' and ')} is not configured`;
  return [{ path: [...at, 'require'], code: 'one_secret', message, expected: `both ${names.join(' and ')}, or require: any` }];
}

/** Secrets that cannot be a key of this provider. What they are is in no message. */
function keyRules(file: unknown, at: Path, scheme: AuthScheme): TreeFault[] {
  const name = secretName(scheme);
  if (name === null || (scheme.kind !== 'hmac' && scheme.kind !== 'pubkey')) return [];
  const path = [...at, name];
  const value = valueAt(file, path);
  const list: [Path, unknown][] = Array.isArray(value) ? value.map((each, i) => [[...path, i], each]) : [[path, value]];
  return list.flatMap(([place, secret]): TreeFault[] => {
    if (typeof secret !== 'string' || secret === '') return [];
    const problem = keyProblem(secret, scheme);
    return problem === null ? [] : [{ path: place, code: 'bad_secret', message: problem.message, expected: problem.hint ?? '' }];
  });
}

function keyProblem(secret: string, scheme: Extract<AuthScheme, { kind: 'hmac' | 'pubkey' }>): HookbayError | null {
  try {
    if (scheme.kind === 'hmac') sharedKey(secret, scheme.key);
    else publicKey(secret, scheme.key, scheme.algorithm);
    return null;
  } catch (error) {
    if (error instanceof HookbayError) return error;
    throw error;
  }
}

function messageRules(file: unknown, at: Path, provider: ProviderName): TreeFault[] {
  const { auth, params = {} } = presetOf(provider);
  const written = valueAt(file, [...at, 'message']);
  const own = typeof written === 'string' ? written : null;
  const faults = own === null ? [] : paramFaults([...at, 'message'], own, Object.keys(params));
  const signs = auth.some((scheme) => signsUrl(own !== null && 'message' in scheme ? { ...scheme, message: own } : scheme));
  return signs ? [...faults, ...urlFaults(file, [...at, 'provider'], provider)] : faults;
}

function paramFaults(path: Path, message: string, known: readonly string[]): TreeFault[] {
  const names = [...message.matchAll(/\{param:([^}]*)\}/g)].map(([, name]) => name ?? '');
  const unknown = names.find((name) => !known.includes(name));
  if (unknown === undefined) return [];
  const expected =
    known.length === 0 ? 'a template without {param:…}' : `one of ${known.map((name) => `{param:${name}}`).join(', ')}`;
  return [{ path, code: 'bad_value', message: `there is no parameter ${JSON.stringify(unknown.slice(0, 60))}`, expected }];
}

function urlFaults(file: unknown, path: Path, who: string): TreeFault[] {
  if (valueAt(file, ['publicUrl']) !== undefined) return [];
  const message = `${who} signs the URL that it posts to, and publicUrl is not configured`;
  return [{ path, code: 'no_public_url', message, expected: 'publicUrl, as the provider was told: https://hooks.example.com' }];
}

function customRules(file: unknown, at: Path, custom: unknown): TreeFault[] {
  const path = [...at, 'custom'];
  const verify = valueAt(file, at) as object;
  const beside = Object.keys(verify).find((key) => key !== 'custom' && valueAt(verify, [key]) !== undefined);
  const faults: TreeFault[] = [];
  if (beside !== undefined) {
    const message = `${beside} stands beside custom, which is a whole scheme of its own`;
    faults.push({ path: [...at, beside], atKey: true, code: 'contradiction', message, expected: 'either a provider or custom' });
  }
  const name = CUSTOM_SECRETS[String(valueAt(custom, ['kind']))];
  if (name !== undefined && !isConfigured(valueAt(custom, [name]))) {
    const message = `${name} is not configured, so every request would be refused`;
    faults.push({ path: [...path, name], code: 'no_secret', message, expected: `${name}, not empty` });
  }
  faults.push(...customKeyRules(file, path));
  const template = valueAt(custom, ['message']);
  if (typeof template === 'string') {
    faults.push(...paramFaults([...path, 'message'], template, []));
    if (template.includes('{url}')) faults.push(...urlFaults(file, [...path, 'message'], 'this provider'));
  }
  return faults;
}

const CUSTOM_SECRETS: Readonly<Record<string, string>> = {
  token: 'secret',
  hmac: 'secret',
  basic: 'password',
  pubkey: 'publicKey',
};
const SHARED_ENCODINGS = ['utf8', 'base64', 'hex'] as const;
const PUBLIC_ENCODINGS = ['raw-hex', 'raw-base64', 'spki-b64', 'pem'] as const;
const PUBLIC_ALGORITHMS = ['ed25519', 'ecdsa-p256', 'rsa-sha256'] as const;

function customKeyRules(file: unknown, path: Path): TreeFault[] {
  const read = (...keys: string[]): unknown => valueAt(file, [...path, ...keys]);
  if (read('kind') === 'hmac') {
    const encoding = SHARED_ENCODINGS.find((each) => each === read('key', 'encoding')) ?? 'utf8';
    const strip = read('key', 'strip');
    const key = { encoding, ...(typeof strip === 'string' ? { strip } : {}) };
    return keyRules(file, path, { kind: 'hmac', secret: 'secret', from: 'bearer', key });
  }
  const algorithm = PUBLIC_ALGORITHMS.find((each) => each === read('algorithm'));
  if (read('kind') !== 'pubkey' || algorithm === undefined) return [];
  const encoding = PUBLIC_ENCODINGS.find((each) => each === read('key')) ?? 'pem';
  return keyRules(file, path, { kind: 'pubkey', algorithm, from: 'bearer', key: { encoding } });
}
