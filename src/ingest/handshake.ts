import { createHmac, hash, timingSafeEqual } from 'node:crypto';
import type { HandshakeConfig } from '../config/types.ts';
import { CONFLICTING } from '../domain/header-list.ts';
import {
  type Condition,
  type Handshake,
  type HandshakeReply,
  type HandshakeSetting,
  handshakesOf,
  type ProofForm,
} from '../providers/handshakes.ts';
import { parseSource, type Source, sourceLabel } from '../providers/source.ts';
import type { ReceivedRequest } from './received.ts';

/** The answer to a handshake, ready to be written. Headers: name, value, name, value, … */
export interface HandshakeAnswer {
  status: number;
  headers: readonly string[];
  body: string;
}

/** What a request turned out to be. Explanations are for operators only and hold no secret. */
export type HandshakeStep =
  | { kind: 'none' }
  | { kind: 'answer'; answer: HandshakeAnswer }
  | { kind: 'refuse'; code: 'verification_failed' | 'handshake_refused'; explanation: string }
  /** To be answered once the URL, which is on a host of the provider, was fetched. */
  | { kind: 'confirm'; url: string; answer: HandshakeAnswer }
  /** To be answered once the secret is stored, if the route is armed. */
  | { kind: 'learn'; secret: string; answer: HandshakeAnswer };

type Recogniser = (request: ReceivedRequest) => HandshakeStep;
type SecretOf = (request: ReceivedRequest) => string | null;

/** The handshakes of a route, prepared. */
export interface HandshakeRules {
  /** Tried before the verification, and after it. */
  before: readonly Recogniser[];
  after: readonly Recogniser[];
  /** Methods that are taken for handshakes before the verification. */
  methods: ReadonlySet<string>;
  /** Somebody who is not verified can have a text of their choice signed, see {@link isProvable}. */
  provesToAnybody: boolean;
}

const NONE: HandshakeStep = { kind: 'none' };

/**
 * Prepares the handshakes of a route.
 * @param secret what it proves to a request that it knows
 */
export function handshakeRules(provider: string, config: HandshakeConfig, secret: SecretOf): HandshakeRules {
  const all = handshakesOf(provider);
  const before = all.filter(({ stage }) => stage === 'before');
  const prepared = (stage: Handshake['stage']): Recogniser[] =>
    all.filter((each) => each.stage === stage).map((each) => recogniser(each, config, secret));
  return {
    before: prepared('before'),
    after: prepared('after'),
    methods: new Set(before.map(({ method }) => method)),
    provesToAnybody: before.some(({ reply }) => reply.kind === 'prove'),
  };
}

/** What the first handshake that is meant makes of the request. */
export function recognise(request: ReceivedRequest, handshakes: readonly Recogniser[]): HandshakeStep {
  for (const each of handshakes) {
    const step = each(request);
    if (step.kind !== 'none') return step;
  }
  return NONE;
}

function recogniser({ method, when, check, reply }: Handshake, config: HandshakeConfig, secret: SecretOf): Recogniser {
  const conditions = when.map(prepareCondition);
  const answers = replier(reply, secret);
  const known = check === undefined ? null : knownText(parseSource(check.at), check.setting, config[check.setting]);
  return (request) => {
    if (request.method !== method || !conditions.every((holds) => holds(request))) return NONE;
    return known?.(request) ?? answers(request);
  };
}

function prepareCondition(condition: Condition): (request: ReceivedRequest) => boolean {
  const source = parseSource(condition.at);
  if ('is' in condition) {
    const texts = new Set(condition.is);
    return (request) => texts.has(request.text(source) ?? '');
  }
  if ('there' in condition) return (request) => request.has(source) === condition.there;
  return (request) => {
    return source.in === 'body' && request.list(source.path)?.length === 0;
  };
}

const refuse = (code: 'verification_failed' | 'handshake_refused', explanation: string): HandshakeStep => ({
  kind: 'refuse',
  code,
  explanation,
});

/** Refuses who does not know one of the configured texts. Digests are compared, every one of them, so that time tells nothing. */
function knownText(
  source: Source,
  setting: HandshakeSetting,
  texts: readonly string[],
): (request: ReceivedRequest) => HandshakeStep | null {
  const digests = texts.map((text) => hash('sha256', text, 'buffer'));
  const missing = refuse('verification_failed', `a handshake, but the route has no handshake.${setting} configured`);
  const wrong = refuse(
    'verification_failed',
    `a handshake whose ${sourceLabel(source)} is not the configured handshake.${setting}`,
  );
  return (request) => {
    if (digests.length === 0) return missing;
    const text = only(request, source);
    if (text === null) return wrong;
    const digest = hash('sha256', text, 'buffer');
    let matches = false;
    for (const known of digests) matches = timingSafeEqual(known, digest) || matches;
    return matches ? null : wrong;
  };
}

/** The text at a source; null when it is missing, or there more than once with different values. */
function only(request: ReceivedRequest, source: Source): string | null {
  const value = request.sole(source);
  return value === CONFLICTING || value === '' ? null : value;
}

/** Challenges come from strangers and go back: printable ASCII, as every provider's are, and not long (Microsoft's have 130 characters). */
const CHALLENGE = /^[\x20-\x7e]{1,1024}$/;

/** Tokens to be signed have only these: no text of an event and no signed message of a provider can be one. */
const PROVABLE = /^[A-Za-z0-9_=+/.-]{1,256}$/;

/** A secret travels in headers and is typed by people. */
const SECRET = /^[\x21-\x7e]{8,512}$/;

/** Whether a body may be a token whose proof somebody asked for, to use it as the signature of an event. */
export function isProvable(body: Buffer): boolean {
  return body.length <= 256 && PROVABLE.test(body.toString('latin1'));
}

/** No browser may take what is reflected for anything but text, and nobody may keep it. */
const REFLECTED = ['x-content-type-options', 'nosniff', 'cache-control', 'no-store'];
const textAnswer = (body: string): HandshakeAnswer => ({
  status: 200,
  headers: ['content-type', 'text/plain; charset=utf-8', ...REFLECTED],
  body,
});
const jsonAnswer = (body: string, status = 200): HandshakeAnswer => ({
  status,
  headers: ['content-type', 'application/json', ...REFLECTED],
  body,
});
const emptyAnswer = (status: number): HandshakeAnswer => ({ status, headers: [], body: '' });

function replier(reply: HandshakeReply, secretOf: SecretOf): Recogniser {
  switch (reply.kind) {
    case 'echo': {
      const { form } = reply;
      return reading(reply.from, CHALLENGE, (challenge) => ({
        kind: 'answer',
        answer: form === 'text' ? textAnswer(challenge) : jsonAnswer(JSON.stringify({ [form.field]: challenge })),
      }));
    }
    case 'prove':
      return reading(reply.token, PROVABLE, (token, request) => proof(token, reply.form, secretOf(request)));
    case 'fixed': {
      const answer = reply.json === null ? emptyAnswer(reply.status) : jsonAnswer(reply.json, reply.status);
      return () => ({ kind: 'answer', answer });
    }
    case 'confirm':
      return reading(reply.url, CHALLENGE, (url) => confirmation(url, reply.hosts));
    case 'learn': {
      const { echo } = reply;
      return reading(reply.secret, SECRET, (secret) => ({
        kind: 'learn',
        secret,
        answer: { status: 200, headers: echo === null ? [] : [echo, secret], body: '' },
      }));
    }
    default:
      return reply satisfies never;
  }
}

/** Reads what the answer is made of and refuses what no provider would send. */
function reading(
  from: Handshake['when'][number]['at'],
  form: RegExp,
  then: (text: string, request: ReceivedRequest) => HandshakeStep,
): Recogniser {
  const source = parseSource(from);
  const malformed = refuse(
    'handshake_refused',
    `a handshake whose ${sourceLabel(source)} cannot be answered: it is missing, repeated, too long or not plain text`,
  );
  return (request) => {
    const text = only(request, source);
    return text !== null && form.test(text) ? then(text, request) : malformed;
  };
}

function proof(token: string, form: ProofForm, secret: string | null): HandshakeStep {
  if (secret === null)
    return refuse('verification_failed', 'a handshake that asks for a proof, but the route has no secret configured');
  const digest = createHmac('sha256', secret).update(token).digest(form.encoding);
  const repeated = form.tokenField === null ? {} : { [form.tokenField]: token };
  return { kind: 'answer', answer: jsonAnswer(JSON.stringify({ ...repeated, [form.field]: form.prefix + digest })) };
}

/** Only https on the usual port of a host of the provider: the address comes from outside. */
function confirmation(text: string, hosts: RegExp): HandshakeStep {
  const url = URL.parse(text);
  const isPlain = url !== null && url.protocol === 'https:' && url.port === '' && url.username === '' && url.password === '';
  if (isPlain && hosts.test(url.hostname)) return { kind: 'confirm', url: url.href, answer: emptyAnswer(200) };
  return refuse('handshake_refused', 'the URL to be fetched for the confirmation is not on a host of the provider');
}
