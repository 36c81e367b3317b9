import { type LeafProblem, type LeafResult, leaf } from './leaves.ts';

/** What a secret must be to be worth anything. Returns what is wrong with it, or null. */
export type SecretRule = (secret: string) => { code: 'bad_secret' | 'weak_secret'; message: string; expected: string } | null;

const SOURCES = 'a secret as text, "${VAR}" or "${file:/run/secrets/name}", or a list of them';

/** Not for protection against a person who tries, but against one who forgot to fill it in. */
function shortSecret(secret: string, least: number): ReturnType<SecretRule> {
  if (secret.length >= least) return null;
  return {
    code: 'weak_secret',
    message: 'this secret is too short to protect anything',
    expected: `at least ${least} characters`,
  };
}

function headerValue(secret: string): ReturnType<SecretRule> {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  if (!/[\x00-\x1f\x7f]|^\s|\s$/.test(secret)) return null;
  const expected = 'a secret without line breaks and without spaces around it';
  return { code: 'bad_secret', message: 'this secret has characters that no header can carry', expected };
}

/** The fewest characters of the token that opens the admin API: 64 bits in hex. */
const ADMIN_TOKEN_LENGTH = 16;
const PROVIDER_SECRET_LENGTH = 8;

export const adminToken: SecretRule = (secret) => headerValue(secret) ?? shortSecret(secret, ADMIN_TOKEN_LENGTH);

export const providerToken: SecretRule = (secret) => headerValue(secret) ?? shortSecret(secret, PROVIDER_SECRET_LENGTH);

export const providerKey: SecretRule = (secret) => shortSecret(secret, PROVIDER_SECRET_LENGTH);

/** Whether it is a key of its provider is found by the rules; nothing about it is secret. */
export const publicKeyText: SecretRule = () => null;

/** What follows `Bearer` (RFC 6750): any visible text, for not every target keeps to its alphabet. */
export const bearerToken: SecretRule = (secret) => {
  if (/^[\x21-\x7e]+$/.test(secret)) return null;
  return {
    code: 'bad_secret',
    message: 'this token has characters that no header can carry',
    expected: 'visible ASCII, no spaces',
  };
};

/** RFC 7617: the first colon ends the name. */
export const basicName: SecretRule = (secret) => {
  if (!secret.includes(':')) return basicPassword(secret);
  return { code: 'bad_secret', message: 'a user name cannot have a colon (RFC 7617)', expected: 'a user name without a colon' };
};

export const basicPassword: SecretRule = (secret) => {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  if (!/[\x00-\x1f\x7f]/.test(secret)) return null;
  return { code: 'bad_secret', message: 'this has control characters (RFC 7617)', expected: 'a text without line breaks' };
};

const SIGNING_KEY = 'whsec_ and the base64 of 24 to 64 random bytes: whsec_$(openssl rand -base64 32)';

/** Standard Webhooks asks for 24 to 64 bytes, in base64 after `whsec_`. Without the prefix the text itself is the key. */
export const signingSecret: SecretRule = (secret) => {
  if (!secret.startsWith('whsec_')) return shortSecret(secret, 24);
  const encoded = secret.slice('whsec_'.length);
  const bytes = Buffer.from(encoded, 'base64');
  if (bytes.toString('base64') === encoded && bytes.length >= 24 && bytes.length <= 64) return null;
  return { code: 'bad_secret', message: 'this is not a Standard Webhooks secret', expected: SIGNING_KEY };
};

/**
 * A secret or a list of them; the value is always a list. An empty secret counts as not configured and is left out,
 * so that `"${OLD_TOKEN:-}"` can stay in the file.
 */
export function secrets(rule: SecretRule) {
  const json = { type: ['string', 'array'], items: { type: 'string' }, expected: SOURCES };
  return leaf(json, (input): LeafResult<readonly string[]> => {
    const list: unknown[] = Array.isArray(input) ? input : [input];
    const kept: string[] = [];
    const problems: LeafProblem[] = [];
    for (const [index, secret] of list.entries()) {
      const place = Array.isArray(input) ? { item: index, hidden: true } : { hidden: true };
      const fault = typeof secret === 'string' && secret !== '' ? rule(secret) : null;
      if (typeof secret !== 'string') problems.push({ code: 'wrong_type', expected: SOURCES, ...place });
      else if (fault !== null) problems.push({ ...fault, ...place });
      else if (secret !== '') kept.push(secret);
    }
    return problems.length > 0 ? { problems } : { value: kept };
  });
}

const ONE = 'a secret as text, "${VAR}" or "${file:/run/secrets/name}"';

/** One secret where a list would mean nothing. It may be empty. */
export function secret(rule: SecretRule) {
  return leaf({ type: 'string', expected: ONE }, (input): LeafResult<string> => {
    if (typeof input !== 'string') return { problems: [{ code: 'wrong_type', expected: ONE, hidden: true }] };
    const fault = input === '' ? null : rule(input);
    return fault === null ? { value: input } : { problems: [{ ...fault, hidden: true }] };
  });
}
