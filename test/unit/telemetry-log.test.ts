import { describe, expect, it } from 'vitest';
import { createLogger, logStyle } from '../../src/telemetry/log.ts';

const NONE: readonly string[] = [];
const SECRET = 'canary-"se\\cret"-1234';

interface Capture {
  pretty?: boolean;
  secrets?: () => readonly string[];
  redacted?: () => readonly string[];
}

function capture(options: Capture = {}) {
  const lines: string[] = [];
  const logger = createLogger({
    level: 'debug',
    pretty: options.pretty ?? false,
    colour: false,
    destination: { write: (line) => lines.push(line) },
    secrets: options.secrets ?? (() => [SECRET]),
    redacted: options.redacted ?? (() => NONE),
  });
  return { logger, lines };
}

const NASTY = [
  'a\nb',
  'a\r\nb',
  'a\u2028b',
  'a\u0085b',
  '\u001b[31mred',
  '\u009b31m',
  '\0',
  '\\n',
  '"}\n{"level":"fatal"}',
  '\ud800',
];

describe('logger', () => {
  it('writes JSON lines with level, time and message', () => {
    const { logger, lines } = capture();
    logger.info({ route: 'knowledgesdk' }, 'accepted');
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ level: 'info', route: 'knowledgesdk', msg: 'accepted' });
    expect(JSON.parse(lines[0] ?? '').time).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/);
  });

  it.each([false, true])('writes one line per record whatever the input (pretty: %s)', (pretty) => {
    const { logger, lines } = capture({ pretty });
    for (const text of NASTY) logger.warn({ text, [text]: [text], err: new Error(text) }, text);
    expect(lines).toHaveLength(NASTY.length);
    for (const line of lines) expect(line.slice(0, -1)).not.toMatch(/[\p{Cc}\u2028\u2029]/u);
  });

  it('keeps the value of what it escapes', () => {
    const { logger, lines } = capture();
    logger.info({ text: 'a\u2028\u009bb' }, 'x');
    expect(JSON.parse(lines[0] ?? '').text).toBe('a\u2028\u009bb');
  });

  it('hides fields that carry secrets by name', () => {
    const { logger, lines } = capture();
    logger.info(
      {
        token: 'tok-hidden',
        a: { Authorization: 'Bearer tok-hidden', b: { c: [{ secret: 'tok-hidden' }] }, tokens: ['tok-hidden'] },
        headers: [
          ['X-KnowledgeSDK-Webhook-Token', 'tok-hidden'],
          ['Content-Type', 'application/json'],
        ],
      },
      'x',
    );
    expect(lines[0]).not.toContain('tok-hidden');
    expect(lines[0]).toContain('application/json');
  });

  it.each([false, true])('replaces configured secrets wherever they stand (pretty: %s)', (pretty) => {
    const { logger, lines } = capture({ pretty });
    logger.info({ url: `http://x/?t=${encodeURIComponent(SECRET)}`, [SECRET]: [SECRET] }, `saw ${SECRET}`);
    logger.error({ err: new Error(`bad ${SECRET}`) }, 'failed');
    for (const line of lines) {
      expect(line).not.toMatch(/canary/);
      expect(line).toContain('[hidden]');
    }
  });

  it('hides the headers that the configuration masks, and takes new ones at once', () => {
    let redacted: readonly string[] = ['x-user.email'];
    const { logger, lines } = capture({ redacted: () => redacted });
    const record = { headers: [['X-User.Email', 'canary-1']], 'x-card': 'canary-2', 'x-user-email': 'shown' };
    logger.info(record, 'x');
    redacted = ['x-user.email', 'x-card'];
    logger.info(record, 'x');
    expect(lines[0]).not.toContain('canary-1');
    expect(lines[0]).toContain('canary-2');
    expect(lines[0]).toContain('shown');
    expect(lines[1]).not.toContain('canary');
  });

  it('stays JSON when a secret looks like a number or like syntax', () => {
    const { logger, lines } = capture({ secrets: () => ['123456', '":"aaaa'] });
    logger.info({ n: 9_123_456_789, k: 'aaaaaa' }, '123456');
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ n: '[hidden]', k: 'aaaaaa', msg: '[hidden]' });
  });

  it('takes new secrets at once', () => {
    let secrets: readonly string[] = [];
    const { logger, lines } = capture({ secrets: () => secrets });
    logger.info({}, 'second-secret');
    secrets = ['second-secret'];
    logger.info({}, 'second-secret');
    expect(lines[0]).toContain('second-secret');
    expect(lines[1]).not.toContain('second-secret');
  });

  it('is pretty only on a terminal and coloured only without NO_COLOR', () => {
    expect(logStyle({ isTTY: true }, undefined)).toEqual({ pretty: true, colour: true });
    expect(logStyle({ isTTY: true }, '1')).toEqual({ pretty: true, colour: false });
    expect(logStyle({}, undefined)).toEqual({ pretty: false, colour: false });
  });
});
