import type { LookupAddress } from 'node:dns';
import { describe, expect, it } from 'vitest';
import { ClosedAddress, lookupOf, outgoingAddressGuard, outgoingUrlFault } from '../../src/config/outgoing-address.ts';

const guard = outgoingAddressGuard([]);

/** The first and the last of each range, and their neighbours. */
const CLOSED = [
  ...['0.0.0.0', '0.255.255.255', '10.0.0.0', '10.255.255.255', '100.64.0.0', '100.127.255.255', '127.0.0.1', '127.255.255.255'],
  ...['169.254.0.0', '169.254.169.254', '169.254.255.255', '172.16.0.0', '172.31.255.255', '192.0.0.1', '192.0.2.1'],
  ...['192.88.99.1', '192.168.0.0', '192.168.255.255', '198.18.0.0', '198.19.255.255', '198.51.100.1', '203.0.113.1'],
  ...['224.0.0.1', '239.255.255.255', '240.0.0.0', '255.255.255.255'],
  ...[
    '::',
    '::1',
    '::2',
    '::127.0.0.1',
    '::8.8.8.8',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '::ffff:10.1.2.3',
    '::FFFF:169.254.169.254',
  ],
  ...['::ffff:0:127.0.0.1', '64:ff9b::127.0.0.1', '64:ff9b::8.8.8.8', '64:ff9b:1::10.0.0.1', '100::1', 'fc00::1', 'fdff:ffff::1'],
  ...['fe80::1', 'fe80::1%eth0', 'febf::1', 'fec0::1', 'ff02::1', 'ff0e::1', '2001::1', '2001:0:4136:e378:8000:63bf:3fff:fdd2'],
  ...['2001:1ff::1', '2001:db8::1', '2002::1', '2002:7f00:1::', '2002:a00:1::1', '3fff::1', '3fff:fff::1', '4000::1', '5f00::1'],
  ...['', 'localhost', 'example.com', '127.1', '0x7f.0.0.1', '1.2.3', '8.8.8.8/32', '[::1]'],
];
const OPEN = [
  ...['1.1.1.1', '9.255.255.255', '11.0.0.0', '100.63.255.255', '100.128.0.0', '126.255.255.255', '128.0.0.0', '169.253.255.255'],
  ...[
    '169.255.0.0',
    '172.15.255.255',
    '172.32.0.0',
    '192.0.1.0',
    '192.167.255.255',
    '192.169.0.0',
    '198.17.255.255',
    '198.20.0.0',
  ],
  ...['223.255.255.255', '::ffff:8.8.8.8', '::ffff:808:808', '2000::1', '2001:200::1', '2001:4860:4860::8888', '2003::1'],
  ...['2606:4700::1111', '2a00:1450::1', '3ffe::1'],
];

describe('an outgoing address', () => {
  it.each(CLOSED)('%j is closed', (address) => expect(guard(address)).toBe(false));
  it.each(OPEN)('%j is open', (address) => expect(guard(address)).toBe(true));

  it.each([
    [['10.0.0.0/8'], ['10.1.2.3', '::ffff:10.1.2.3'], ['11.0.0.1x', '127.0.0.1', '64:ff9b::10.1.2.3', '2002:a01:203::1']],
    [['127.0.0.1'], ['127.0.0.1'], ['127.0.0.2', '::1']],
    [
      ['fd00::/8', '::1'],
      ['fd12::1', '::1'],
      ['fc00::1', '::2'],
    ],
    [['64:ff9b::/96'], ['64:ff9b::10.1.2.3'], ['10.1.2.3']],
    [
      ['0.0.0.0/0', '::/0'],
      ['127.0.0.1', 'fe80::1'],
      ['localhost', 'fe80::1%lo'],
    ],
  ])('%j opens %j and not %j', (allow, open, closed) => {
    const own = outgoingAddressGuard(allow);
    expect(open.filter((address) => !own(address))).toEqual([]);
    expect(closed.filter((address) => own(address))).toEqual([]);
  });
});

describe('an outgoing URL', () => {
  const CLOSED_URLS = [
    ...['http://127.0.0.1/', 'http://127.1/', 'http://2130706433/', 'http://0x7f000001/', 'http://0x7f.1/', 'http://0177.0.0.1/'],
    ...['http://017700000001/', 'http://127.0.0.1./', 'http://１２７.0.0.1/', 'http://127。0。0。1/', 'http://%31%32%37.0.0.1/'],
    ...['http://0/', 'http://[::1]/', 'http://[0:0:0:0:0:0:0:1]/', 'http://[::ffff:127.0.0.1]/', 'http://[::ffff:7f00:1]/'],
    ...['http://[64:ff9b::7f00:1]/', 'http://[2002:7f00:1::]/', 'https://10.0.0.1:8443/x', 'http://169.254.169.254/latest'],
  ];
  it.each(CLOSED_URLS)('%s leads to a closed address', (url) =>
    expect(outgoingUrlFault(new URL(url), guard)).toBe('closed_address'),
  );

  it.each([
    ['https://app.example.com/x', null],
    ['http://localhost/', null], // a name: judged when it is resolved
    ['http://8.8.8.8/', null],
    ['http://[2606:4700::1111]/', null],
    ['ftp://app.example.com/', 'not_http'],
    ['file:///etc/passwd', 'not_http'],
    ['https://user@app.example.com/', 'credentials'],
    ['https://:secret@app.example.com/', 'credentials'],
  ])('%s: %s', (url, fault) => expect(outgoingUrlFault(new URL(url), guard)).toBe(fault));
});

describe('a name', () => {
  const resolved = (addresses: LookupAddress[], all: boolean): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const system = (_host: string, _options: object, done: (error: null, found: LookupAddress[]) => void) =>
        done(null, addresses);
      lookupOf(guard, system as never)('app.example.com', { all }, (error, found) =>
        error === null ? resolve(found) : reject(error),
      );
    });
  const OPEN_V4 = { address: '8.8.8.8', family: 4 };
  const CLOSED_V4 = { address: '10.0.0.1', family: 4 };

  it('is connected to only where it is open', async () => {
    expect(await resolved([CLOSED_V4, OPEN_V4], true)).toEqual([OPEN_V4]);
    expect(await resolved([CLOSED_V4, OPEN_V4], false)).toBe('8.8.8.8');
    await expect(resolved([CLOSED_V4, { address: '::1', family: 6 }], true)).rejects.toThrow(ClosedAddress);
    await expect(resolved([], false)).rejects.toThrow(ClosedAddress);
  });
});
