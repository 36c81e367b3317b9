import { describe, expect, it } from 'vitest';
import type { AlertNotice } from '../../src/domain/alert-book.ts';
import { alertBody } from '../../src/telemetry/alert-formats/all.ts';
import { discordMessage } from '../../src/telemetry/alert-formats/discord.ts';
import { alertPayload } from '../../src/telemetry/alert-formats/payload.ts';
import { slackMessage } from '../../src/telemetry/alert-formats/slack.ts';

const SINCE = Date.UTC(2026, 2, 20, 14);
const notice: AlertNotice = {
  id: 'alert_1',
  kind: 'breaker_open',
  state: 'firing',
  key: 'breaker_open:app',
  target: 'app',
  route: null,
  summary: 'app fails and is left alone for a while: ECONNREFUSED',
  detail: { reason: 'ECONNREFUSED', failures: 10, more: null },
  at: SINCE + 60_000,
  since: SINCE,
};
const RELAY = 'https://hooks.example.com';
const payload = (changes: Partial<AlertNotice> = {}) => alertPayload({ ...notice, ...changes }, RELAY);

describe('json', () => {
  it('is the payload that the documentation shows', () => {
    expect(alertBody('json', notice, RELAY)).toEqual({
      id: 'alert_1',
      kind: 'breaker_open',
      state: 'firing',
      key: 'breaker_open:app',
      target: 'app',
      summary: 'app fails and is left alone for a while: ECONNREFUSED',
      detail: { reason: 'ECONNREFUSED', failures: 10, more: null },
      at: '2026-03-20T14:01:00.000Z',
      since: '2026-03-20T14:00:00.000Z',
      relay: RELAY,
    });
  });

  it('has the route of an alert about one', () => {
    expect(payload({ kind: 'refusals', target: null, route: 'stripe' })).toMatchObject({ route: 'stripe' });
    expect(payload({ target: null, route: 'stripe' })).not.toHaveProperty('target');
  });
});

/** Texts that a chat would take for more than text. */
const MENTIONS = [
  '@everyone',
  '@here',
  '<!channel>',
  '<!everyone>',
  '<@U123456>',
  '<@&42>',
  '<#42>',
  '<https://evil.example|app>',
];

describe('slack', () => {
  it('is text and blocks of plain text, as incoming webhooks take them', () => {
    expect(alertBody('slack', notice, RELAY)).toEqual({
      text: '[FIRING] app fails and is left alone for a while: ECONNREFUSED',
      blocks: [
        {
          type: 'section',
          text: { type: 'plain_text', text: '[FIRING] app fails and is left alone for a while: ECONNREFUSED', emoji: false },
        },
        { type: 'section', text: { type: 'plain_text', text: 'reason: ECONNREFUSED\nfailures: 10', emoji: false } },
        {
          type: 'context',
          elements: [
            {
              type: 'plain_text',
              text: 'breaker_open since 2026-03-20T14:00:00.000Z at https://hooks.example.com',
              emoji: false,
            },
          ],
        },
      ],
    });
  });

  it.each(MENTIONS)('makes no more than text of %s', (text) => {
    const message = JSON.stringify(slackMessage(payload({ summary: text, detail: { reason: text } })));
    expect(message).not.toMatch(/<[^>]*>|[<>]/);
    expect(slackMessage(payload({ summary: text })).text).not.toMatch(/@(everyone|here|U123456|&amp;42)/);
  });

  it('has no marks in its text', () => {
    expect(slackMessage(payload({ summary: '*b* _i_ ~s~ `c` & <' })).text).toBe(
      '[FIRING] *\u200bb*\u200b _\u200bi_\u200b ~\u200bs~\u200b `\u200bc`\u200b &amp; &lt;',
    );
  });

  it.each(['&', '<', '\ud83d\ude00', 'x'])('keeps the limits of Slack with many %s', (char) => {
    const long = char.repeat(20_000);
    const detail = Object.fromEntries(Array.from({ length: 30 }, (_, n) => [`d${n}`, long]));
    const { blocks } = slackMessage(alertPayload({ ...notice, summary: long, detail }, long));
    expect(blocks.length).toBeLessThanOrEqual(50);
    for (const text of textsIn(blocks)) expect(text.length).toBeLessThanOrEqual(3_000);
    for (const text of textsIn(blocks.slice(-1))) expect(text.length).toBeLessThanOrEqual(2_000);
  });
});

function textsIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) =>
    name === 'text' && typeof inner === 'string' ? [inner] : textsIn(inner),
  );
}

describe('discord', () => {
  it('is content without mentions and previews, as webhooks take it', () => {
    expect(alertBody('discord', notice, RELAY)).toEqual({
      content: [
        '\\[FIRING\\] app fails and is left alone for a while: ECONNREFUSED',
        'reason: ECONNREFUSED',
        'failures: 10',
        'breaker\\_open since 2026\\-03\\-20T14:00:00.000Z at https://hooks.example.com',
      ].join('\n'),
      allowed_mentions: { parse: [] },
      flags: 4,
    });
  });

  it.each(MENTIONS)('makes no more than text of %s', (text) => {
    const { content, allowed_mentions: allowed } = discordMessage(payload({ summary: text, detail: { reason: text } }));
    expect(content).not.toMatch(/@(everyone|here|U123456|&42)/);
    expect(content).not.toMatch(/(?<!\\)[<>]/);
    expect(allowed).toEqual({ parse: [] });
  });

  it('has no marks', () => {
    expect(discordMessage(payload({ summary: '**b** ~~s~~ ||h|| `c` [t](u) # > - \\' })).content).toContain(
      '\\*\\*b\\*\\* \\~\\~s\\~\\~ \\|\\|h\\|\\| \\`c\\` \\[t\\]\\(u\\) \\# \\> \\- \\\\',
    );
  });

  it.each(['*', '@', '\ud83d\ude00', 'x'])('stays under 2,000 characters with many %s', (char) => {
    const long = char.repeat(20_000);
    const detail = Object.fromEntries(Array.from({ length: 30 }, (_, n) => [`d${n}`, long]));
    const { content } = discordMessage(payload({ summary: long, detail }));
    expect(content.length).toBeLessThanOrEqual(2_000);
    expect(content.isWellFormed()).toBe(true);
    expect(content).not.toMatch(/(?<!\\)(?:\\\\)*\\$/);
  });
});

it('every format is one line a part, whatever is in it', () => {
  const text = 'a\nb\r\u2028c\u0000d\u202ee';
  expect(slackMessage(payload({ summary: text })).text).toBe('[FIRING] a b c d e');
  expect(discordMessage(payload({ summary: text, detail: {} })).content.split('\n')).toHaveLength(2);
});

it('says what is over, and what is a test', () => {
  expect(slackMessage(payload({ state: 'resolved' })).text).toMatch(/^\[RESOLVED\]/);
  expect(slackMessage(alertPayload({ ...notice, kind: 'test' }, RELAY)).text).toMatch(/^\[TEST\]/);
});
