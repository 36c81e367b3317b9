import { describe, expect, it } from 'vitest';
import { HANDSHAKES, handshakesOf, learnsSecret, neededSettings, showsSecret } from '../../src/providers/handshakes.ts';
import { isProviderName, PROVIDER_NAMES } from '../../src/providers/presets.ts';
import { repliesOf } from '../../src/providers/replies.ts';
import { parseSource } from '../../src/providers/source.ts';

describe('the table of handshakes', () => {
  it('names providers that there are', () => {
    expect(Object.keys(HANDSHAKES).filter((name) => !isProviderName(name))).toEqual([]);
  });

  it('has every provider whose handshakes are known', () => {
    const names = ['slack', 'zoom', 'discord', 'twitch', 'meta', 'whatsapp', 'websub', 'dropbox', 'msgraph', 'okta', 'x'];
    expect(Object.keys(HANDSHAKES)).toEqual(expect.arrayContaining([...names, 'asana', 'notion', 'xero', 'sns', 'intercom']));
  });

  it.each(Object.entries(HANDSHAKES))('%s reads from places that there are', (_, handshakes) => {
    for (const { when, check } of handshakes) {
      expect(when.length).toBeGreaterThan(0);
      for (const { at } of [...when, ...(check === undefined ? [] : [check])]) expect(() => parseSource(at)).not.toThrow();
    }
  });

  it('asks for nothing that only a signature could prove before the verification', () => {
    const fetching = Object.entries(HANDSHAKES).filter(([, all]) =>
      all.some(({ stage, reply }) => stage === 'before' && reply.kind === 'confirm'),
    );
    expect(fetching).toEqual([]);
  });

  it('is safe to ask for names that objects have', () => {
    expect([handshakesOf('constructor'), handshakesOf('__proto__')]).toEqual([[], []]);
  });

  it('says what routes must know of it', () => {
    expect(PROVIDER_NAMES.filter(learnsSecret)).toEqual(['asana', 'notion']);
    expect(PROVIDER_NAMES.filter(showsSecret)).toEqual(['notion']);
    expect(['meta', 'whatsapp', 'websub', 'slack'].map(neededSettings)).toEqual([
      ['verifyToken'],
      ['verifyToken'],
      ['topic'],
      [],
    ]);
  });
});

describe('replies', () => {
  it('are the usual ones unless the provider wants others', () => {
    const usual = { acknowledgement: { status: 200, headers: [], body: null }, emptyRefusals: false };
    expect([repliesOf('stripe'), repliesOf('none'), repliesOf('constructor')]).toEqual([usual, usual, usual]);
    expect(repliesOf('msgraph').acknowledgement).toEqual({ status: 202, headers: [], body: null });
    expect(repliesOf('xero')).toEqual({ acknowledgement: { status: 200, headers: [], body: '' }, emptyRefusals: true });
  });
});
