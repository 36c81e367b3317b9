import { describe, expect, test } from 'vitest';
import { prepareChanges } from '../../src/deliver/header-changes.ts';
import { type HeaderParts, outgoingHeaders } from '../../src/deliver/headers.ts';
import { CREDENTIAL_MARK } from '../../src/domain/credential-mark.ts';
import type { HeaderList } from '../../src/domain/event.ts';
import type { EventContent, LeasedDelivery } from '../../src/domain/leased-delivery.ts';

const NOW = 1_700_000_000_900;
const PARTS: HeaderParts = {
  authorization: null,
  instance: 'hookbay',
  proto: 'https',
  host: 'hooks.example.com',
  signer: null,
  changes: null,
};

function delivery(headers: HeaderList, event: Partial<EventContent> = {}): LeasedDelivery {
  return {
    id: 'dlv_1',
    lease: 1,
    target: 'app',
    attempts: 2,
    budgetStart: 0,
    budgetSpentMs: 0,
    trigger: 'retry',
    event: {
      id: 'evt_1',
      route: 'knowledgesdk',
      type: 'PAGE_SCRAPED',
      receivedAt: 1_699_999_999_000,
      method: 'POST',
      path: '/in',
      query: '',
      peer: '203.0.113.7',
      headers,
      body: Buffer.from('{}'),
      ...event,
    },
  };
}

function outgoing(headers: HeaderList, parts: Partial<HeaderParts> = {}, event: Partial<EventContent> = {}): [string, string][] {
  const { flat } = outgoingHeaders(delivery(headers, event), { ...PARTS, ...parts }, NOW);
  return Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i] ?? '', flat[2 * i + 1] ?? '']);
}

function valuesOf(list: [string, string][], name: string): string[] {
  return list.filter(([each]) => each.toLowerCase() === name).map(([, value]) => value);
}

describe('what is passed on', () => {
  test('order, spelling and repeats stay', () => {
    const sent: HeaderList = [
      ['X-B', '1'],
      ['x-a', 'caf\u00e9'],
      ['X-b', '2'],
      ['X-KnowledgeSDK-Signature', 'sha256=00'],
      ['Content-Encoding', 'gzip'],
    ];
    expect(outgoing(sent).slice(0, sent.length)).toEqual(sent);
  });

  test.each([
    ...['Connection', 'Proxy-Connection', 'Keep-Alive', 'TE', 'Transfer-Encoding', 'Upgrade', 'Trailer', 'Expect', 'Host'],
    ...['Content-Length', 'Proxy-Authenticate', 'Proxy-Authorization', 'Cookie', 'Hookbay-Anything'],
  ])('%s is not', (name) => {
    expect(valuesOf(outgoing([[name, 'x-unlikely']]), name.toLowerCase())).toEqual([]);
  });

  test('nor is what Connection names, wherever it stands', () => {
    const list = outgoing([
      ['X-One', '1'],
      ['Connection', 'keep-alive, X-One ,x-two'],
      ['x-two', '2'],
      ['X-Three', '3'],
    ]);
    expect(list.map(([name]) => name)).not.toContain('X-One');
    expect(list.map(([name]) => name)).not.toContain('x-two');
    expect(valuesOf(list, 'x-three')).toEqual(['3']);
  });

  test('Connection cannot take away what the relay adds', () => {
    const list = outgoing([['Connection', 'hookbay-event-id, via, traceparent, x-forwarded-for']]);
    for (const name of ['hookbay-event-id', 'via', 'traceparent', 'x-forwarded-for'])
      expect(valuesOf(list, name)).toHaveLength(1);
  });

  test('a header whose value was the credential is not', () => {
    const list = outgoing([['x-knowledgesdk-webhook-token', CREDENTIAL_MARK]]);
    expect(valuesOf(list, 'x-knowledgesdk-webhook-token')).toEqual([]);
  });

  test('the sender cannot claim what is ours to say', () => {
    const list = outgoing([
      ['X-Forwarded-For', '10.0.0.1'],
      ['X-Forwarded-Proto', 'gopher'],
      ['X-Forwarded-Host', 'evil.example'],
      ['Hookbay-Attempt', '99'],
    ]);
    expect(valuesOf(list, 'x-forwarded-for')).toEqual(['203.0.113.7']);
    expect(valuesOf(list, 'x-forwarded-proto')).toEqual(['https']);
    expect(valuesOf(list, 'x-forwarded-host')).toEqual(['hooks.example.com']);
    expect(valuesOf(list, 'hookbay-attempt')).toEqual(['3']);
  });
});

describe('what is added', () => {
  test('names of the event and of the attempt', () => {
    expect(Object.fromEntries(outgoing([]))).toEqual({
      'hookbay-event-id': 'evt_1',
      'hookbay-delivery-id': 'dlv_1',
      'hookbay-route': 'knowledgesdk',
      'hookbay-event-type': 'PAGE_SCRAPED',
      'hookbay-attempt': '3',
      'hookbay-attempt-trigger': 'retry',
      'hookbay-received-at': '2023-11-14T22:13:19.000Z',
      'x-forwarded-for': '203.0.113.7',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'hooks.example.com',
      via: '1.1 hookbay',
      traceparent: expect.stringMatching(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/),
    });
  });

  test('without a public address, the host that the sender used', () => {
    expect(valuesOf(outgoing([['Host', 'relay.internal:8080']], { host: null }), 'x-forwarded-host')).toEqual([
      'relay.internal:8080',
    ]);
  });

  test('no type, no header for it; a type that no header can carry is encoded and bounded', () => {
    expect(valuesOf(outgoing([], {}, { type: null }), 'hookbay-event-type')).toEqual([]);
    expect(valuesOf(outgoing([], {}, { type: 'a\r\nb: \u00e9\ud800' }), 'hookbay-event-type')).toEqual([
      'a%0D%0Ab: %C3%A9%EF%BF%BD',
    ]);
    expect(valuesOf(outgoing([], {}, { type: 'x'.repeat(10_000) }), 'hookbay-event-type')[0]).toHaveLength(256);
  });

  test('credentials of the target replace the sender\u2019s; otherwise those pass', () => {
    const sent: HeaderList = [['Authorization', 'Bearer theirs']];
    expect(valuesOf(outgoing(sent), 'authorization')).toEqual(['Bearer theirs']);
    expect(valuesOf(outgoing(sent, { authorization: 'Basic b3Vycw==' }), 'authorization')).toEqual(['Basic b3Vycw==']);
  });
});

describe('Via', () => {
  test('is appended to, and says how often this relay was passed', () => {
    const { flat, passes } = outgoingHeaders(
      delivery([
        ['Via', '1.1 hookbay, 1.0 fred (hookbay)'],
        ['via', '2 hookbay'],
      ]),
      PARTS,
      NOW,
    );
    expect(passes).toBe(2);
    expect(flat.slice(0, 4)).toEqual(['Via', '1.1 hookbay, 1.0 fred (hookbay)', 'via', '2 hookbay']);
    expect(flat.filter((_, i) => flat[i - 1] === 'via')).toEqual(['2 hookbay', '1.1 hookbay']);
  });
});

describe('signatures', () => {
  const sent: HeaderList = [
    ['Webhook-Id', 'msg_theirs'],
    ['webhook-timestamp', '1'],
    ['WEBHOOK-SIGNATURE', 'v1,theirs'],
  ];

  test('without signing the sender\u2019s pass untouched, and none are added', () => {
    const list = outgoing(sent);
    expect(list.slice(0, 3)).toEqual(sent);
    expect(list.filter(([name]) => name.includes('webhook-'))).toEqual([sent[1]]);
  });

  test('with signing ours take their place, over the event\u2019s id and the time of the attempt', () => {
    const signer = (id: string, timestamp: number, body: Buffer): string => `v1,${id}/${timestamp}/${body}`;
    const list = outgoing(sent, { signer });
    expect(list.slice(0, 3)).toEqual([
      ['hookbay-original-webhook-id', 'msg_theirs'],
      ['hookbay-original-webhook-timestamp', '1'],
      ['hookbay-original-webhook-signature', 'v1,theirs'],
    ]);
    expect(valuesOf(list, 'webhook-id')).toEqual(['evt_1']);
    expect(valuesOf(list, 'webhook-timestamp')).toEqual(['1700000000']);
    expect(valuesOf(list, 'webhook-signature')).toEqual(['v1,evt_1/1700000000/{}']);
  });
});

describe('traces', () => {
  const TRACE = '0af7651916cd43dd8448eb211c80319c';
  const PARENT = 'b7ad6b7169203331';
  const traceOf = (...parents: string[]): { traceparent: string; tracestate: string[] } => {
    const sent: HeaderList = [...parents.map((value) => ['Traceparent', value] as const), ['tracestate', 'vendor=1']];
    const list = outgoing(sent);
    expect(valuesOf(list, 'traceparent')).toHaveLength(1);
    return { traceparent: valuesOf(list, 'traceparent')[0] ?? '', tracestate: valuesOf(list, 'tracestate') };
  };

  test.each([`00-${TRACE}-${PARENT}-00`, `cc-${TRACE}-${PARENT}-00-what-the-future-is`])(
    '%s is continued by a span of ours',
    (sent) => {
      const { traceparent, tracestate } = traceOf(sent);
      expect(traceparent).toMatch(new RegExp(`^00-${TRACE}-[0-9a-f]{16}-00$`));
      expect(traceparent).not.toContain(PARENT);
      expect(tracestate).toEqual(['vendor=1']);
    },
  );

  test.each([
    ['nonsense'],
    [`ff-${TRACE}-${PARENT}-00`],
    [`00-${'0'.repeat(32)}-${PARENT}-00`],
    [`00-${TRACE}-${'0'.repeat(16)}-00`],
    [`00-${TRACE.toUpperCase()}-${PARENT}-00`],
    [`00-${TRACE}-${PARENT}-00-more`],
    [`00-${TRACE}-${PARENT}-00`, `00-${TRACE}-${PARENT}-00`],
  ])('%s begins a new one', (...sent) => {
    const { traceparent, tracestate } = traceOf(...sent);
    expect(traceparent).not.toContain(TRACE);
    expect(tracestate).toEqual([]);
  });

  test('no two spans are alike, past the stock of random bytes', () => {
    const spans = Array.from({ length: 2000 }, () => traceOf().traceparent);
    expect(new Set(spans).size).toBe(2000);
  });
});

describe('the target\u2019s own headers', () => {
  const changes = prepareChanges({
    add: [
      { name: 'X-Api-Key', value: 'ours', isSecret: true },
      { name: 'x-forwarded-host', value: 'elsewhere', isSecret: false },
    ],
    remove: ['x-internal', 'traceparent', 'hookbay-route'],
  });

  test('take the place of the sender\u2019s and of the relay\u2019s, and others are left out', () => {
    const list = outgoing(
      [
        ['x-api-key', 'theirs'],
        ['X-INTERNAL', '1'],
        ['x-internal', '2'],
        ['X-Api-Key', 'theirs too'],
        ['x-kept', '1'],
      ],
      { changes },
    );
    expect(valuesOf(list, 'x-api-key')).toEqual(['ours']);
    expect(valuesOf(list, 'x-forwarded-host')).toEqual(['elsewhere']);
    expect(valuesOf(list, 'x-kept')).toEqual(['1']);
    for (const name of ['x-internal', 'traceparent', 'hookbay-route']) expect(valuesOf(list, name)).toEqual([]);
    expect(valuesOf(list, 'via')).toEqual(['1.1 hookbay']);
  });

  test('a sender cannot take them away with Connection', () => {
    const list = outgoing([['Connection', 'x-api-key']], { changes });
    expect(valuesOf(list, 'x-api-key')).toEqual(['ours']);
  });

  test('none, no copy', () => {
    expect(prepareChanges(null)).toBeNull();
  });
});
