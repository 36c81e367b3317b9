import * as z from 'zod';
import { HookbayError } from '../domain/errors.ts';
import { parseMessage } from '../providers/message.ts';
import { PROVIDER_NAMES } from '../providers/presets.ts';
import type { SourceText } from '../providers/source.ts';
import { choice, duration, type LeafResult, leaf, text } from './leaves.ts';
import { providerKey, providerToken, publicKeyText, secrets } from './secrets.ts';

const SECOND = 1000;
/** Some providers sign once and send again for days. */
const LONGEST_TOLERANCE_MS = 7 * 86_400_000;

const NAME = "[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}";
const PATH = '[^.\\s{}]+(?:\\.[^.\\s{}]+)*';
/** A header or a path in the body. */
export const HEADER_OR_BODY = new RegExp(`^(header:${NAME}|body:${PATH})$`);
const SOURCE = new RegExp(`^(header:${NAME}|body:${PATH}|(query|form|sig):[^\\s{}]{1,128}|bearer)$`);
const SOURCE_EXPECTED = 'header:name, body:path, query:name, form:name, sig:name or bearer';

function source() {
  return leaf({ type: 'string', pattern: SOURCE.source, expected: SOURCE_EXPECTED }, (input): LeafResult<SourceText> => {
    if (typeof input === 'string' && SOURCE.test(input)) return { value: input as SourceText };
    return { problems: [{ code: 'bad_value', expected: SOURCE_EXPECTED }] };
  });
}

const MESSAGE =
  'a template with {body}, and with {timestamp} where the signature covers it; also {method}, {url}, {form}, {sha256hex}, {crc32}, {header:name}, {body:path}';
const PARAM = /\{param:([^}]*)\}/g;

function message() {
  return leaf({ type: 'string', expected: MESSAGE }, (input): LeafResult<string> => {
    if (typeof input !== 'string') return { problems: [{ code: 'bad_value', expected: MESSAGE }] };
    try {
      // Which parameters there are depends on the provider: see verify-rules.ts.
      parseMessage(input, Object.fromEntries([...input.matchAll(PARAM)].map(([, name]) => [name ?? '', ''])));
      return { value: input };
    } catch (error) {
      if (!(error instanceof HookbayError)) throw error;
      return { problems: [{ code: 'bad_value', expected: MESSAGE }] };
    }
  });
}

const tolerance = () => duration(SECOND, LONGEST_TOLERANCE_MS);

const TOPICS = 'the ARN of a topic, or a list of them';
const TOPIC = /^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}(\.fifo)?$/;

function topics() {
  return leaf({ type: ['string', 'array'], items: { type: 'string' }, expected: TOPICS }, (input): LeafResult<string[]> => {
    const list: unknown[] = Array.isArray(input) ? input : [input];
    const right = list.filter((topic): topic is string => typeof topic === 'string' && TOPIC.test(topic));
    if (right.length === list.length && right.length > 0) return { value: right };
    return { problems: [{ code: 'bad_value', expected: TOPICS }] };
  });
}

const SEPARATOR = 'one to four characters that separate';

const signed = {
  from: source().meta({ description: 'Where the signature is. A header name may end in `*`.' }),
  also: z.array(source()).optional().meta({ description: 'More places that may hold one.', expected: 'a list of places' }),
  each: text('body:path of a list', new RegExp(`^body:${PATH}$`))
    .optional()
    .meta({
      description: 'A list in the body whose items are signed one by one; `*` in a path stands for the item.',
    }),
  parse: z
    .strictObject({
      item: text(SEPARATOR, /^[^\0]{1,4}$/)
        .optional()
        .meta({ description: 'What separates several signatures.' }),
      kv: text(SEPARATOR, /^[^\0]{1,4}$/).meta({ description: 'What separates a key from its value.' }),
      key: text('the key of the signature', /^[A-Za-z0-9_-]{1,64}$/).meta({
        description: 'The key that signatures stand under.',
      }),
    })
    .optional()
    .meta({
      description: 'How the field is taken apart; any signature that fits is enough. Left out: the field is the signature.',
      expected: '{ item: ",", kv: "=", key: v1 }',
    }),
  message: message().prefault('{body}').meta({ description: 'What is signed.' }),
  encoding: choice(['hex', 'base64', 'base64url']).prefault('hex').meta({ description: 'How the signature is written.' }),
  timestamp: z
    .strictObject({
      from: source().meta({ description: 'Where the signed time is.' }),
      unit: choice(['s', 'ms', 'iso', 'httpdate', 'any']).prefault('any').meta({ description: 'How it is written.' }),
      tolerance: tolerance().prefault('5m').meta({ description: 'How far it may be from now.' }),
    })
    .optional()
    .meta({ description: 'The signed time; only checked when the signature covers it.', expected: '{ from, unit, tolerance }' }),
};

const KEY_RULE = 'header:name, body:path, a template of such places in braces, or hash';
const KEY = new RegExp(
  `^(hash|header:${NAME}|(body|query|form):[^\\s{}]+|[^{}]*(\\{(header|body|query|form):[^\\s{}]+\\}[^{}]*)+)$`,
);

const naming = {
  id: z
    .array(text(KEY_RULE, KEY))
    .prefault([])
    .meta({ description: 'How an event is recognised again: the first that is there. `hash`: of the body.', expected: KEY_RULE }),
  type: z
    .array(source())
    .prefault([])
    .meta({ description: "Where the event's type is: the first that is there.", expected: 'a list of places' }),
};

const shared = { secret: secrets(providerKey).optional().meta({ description: 'The shared secret. In a list, any matches.' }) };

const custom = z
  .discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('token').meta({ description: 'A secret that is sent along.' }),
      from: source().meta({ description: 'Where the token is.' }),
      each: signed.each,
      ...shared,
      ...naming,
    }),
    z.strictObject({
      kind: z.literal('basic').meta({ description: 'User and password.' }),
      username: text('a user name without a colon', /^[^:]{1,256}$/).meta({ description: 'The user name.' }),
      password: secrets(providerKey).optional().meta({ description: 'The password. In a list, any matches.' }),
      ...naming,
    }),
    z.strictObject({
      kind: z.literal('hmac').meta({ description: 'A keyed hash over a message.' }),
      ...signed,
      ...shared,
      algorithm: choice(['sha256', 'sha1', 'sha384', 'sha512']).prefault('sha256').meta({ description: 'The hash.' }),
      key: z
        .strictObject({
          encoding: choice(['utf8', 'base64', 'hex']).prefault('utf8').meta({ description: 'How the secret is written.' }),
          strip: text('a prefix', /^.{1,32}$/)
            .optional()
            .meta({ description: 'What stands before the key in the secret.' }),
        })
        .prefault({})
        .meta({ description: 'How the secret becomes a key.', expected: '{ encoding, strip }' }),
      ...naming,
    }),
    z.strictObject({
      kind: z.literal('pubkey').meta({ description: 'A signature with a public key.' }),
      ...signed,
      publicKey: secrets(publicKeyText).optional().meta({ description: 'The public key. In a list, any matches.' }),
      algorithm: choice(['ed25519', 'ecdsa-p256', 'rsa-sha256']).meta({ description: 'The algorithm.' }),
      key: choice(['raw-hex', 'raw-base64', 'spki-b64', 'pem']).prefault('pem').meta({ description: 'How the key is written.' }),
      ...naming,
    }),
  ])
  .meta({
    description: 'A provider that has no preset, in the schema in which the presets are written.',
    expected: '{ kind: hmac, from: header:x-signature, message: "{body}", secret: "${SECRET}" }',
  });

const EXPECTED =
  '{ provider: knowledgesdk, token: "${KNOWLEDGESDK_WEBHOOK_TOKEN}" }, another provider with its secret, or { custom }; or `verify: none`, written out, to take anything';

const sender = z
  .strictObject({
    provider: choice(PROVIDER_NAMES).optional().meta({ description: 'Who sends. Which of the other keys it knows is checked.' }),
    secret: secrets(providerKey)
      .optional()
      .meta({ description: 'The secret that the provider signs with. In a list, any matches.' }),
    token: secrets(providerToken)
      .optional()
      .meta({ description: 'The token that the provider sends along. In a list, any matches.' }),
    hmac: secrets(providerKey).optional().meta({
      description:
        'knowledgesdk: the secret of signed posts to a callbackUrl (header x-knowledgesdk-signature). In a list, any matches.',
    }),
    publicKey: secrets(publicKeyText).optional().meta({ description: 'The public key of the provider. In a list, any matches.' }),
    username: text('a user name without a colon', /^[^:]{1,256}$/)
      .optional()
      .meta({ description: 'postmark: the user name.' }),
    password: secrets(providerKey).optional().meta({ description: 'postmark: the password. In a list, any matches.' }),
    webhookId: text('the id of the webhook', /^[A-Za-z0-9_-]{1,128}$/)
      .optional()
      .meta({ description: 'paypal: the id of the webhook.' }),
    topicArn: topics().optional().meta({ description: 'sns: the topics that are taken; without it, any topic of anybody.' }),
    header: text('the name of a header', new RegExp(`^${NAME}$`))
      .optional()
      .meta({
        description: 'The header that carries the credential; required for assemblyai, where you choose it.',
      }),
    require: choice(['any', 'all']).optional().meta({
      description:
        'Of several credentials, `any` (the default): what a request carries must be right, and at least one must be there. `all`: all must be there and right.',
    }),
    from: source().optional().meta({ description: "Where the credential is, in place of the preset's." }),
    message: message().optional().meta({ description: "What is signed, in place of the preset's." }),
    timestamp: source().optional().meta({ description: "Where the signed time is, in place of the preset's." }),
    hmacTemplate: message().optional().meta({ description: 'knowledgesdk: what the HMAC is computed over.' }),
    hmacTimestamp: text('header:name or body:path', HEADER_OR_BODY)
      .optional()
      .meta({ description: 'knowledgesdk: where the signed time is found.' }),
    tolerance: tolerance()
      .optional()
      .meta({ description: 'How far the signed time may be from now; the preset says it otherwise.' }),
    custom: custom.optional(),
  })
  .meta({ expected: EXPECTED });

/** The key `verify` of a route. Which keys go together is checked in verify-rules.ts. */
export const verifySchema = z.union([z.literal('none'), sender]).meta({
  description: 'How requests are verified. Without verification anybody can send events: then `none` must be written.',
  expected: EXPECTED,
});

export type FileVerify = z.output<typeof verifySchema>;
export type FileCustom = z.output<typeof custom>;
