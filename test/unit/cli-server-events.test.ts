import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ServerEventReader } from '../../src/cli/server-events.ts';

describe('server-sent events', () => {
  it('are read as the standard has them', () => {
    const reader = new ServerEventReader();
    expect(
      reader.push('retry: 1000\n\n: still here\n\nid: 7\nevent: event\ndata: {"a":1}\n\nid: 8\n\ndata:x\r\ndata: y\r\n\r\n'),
    ).toEqual([
      { id: '7', event: 'event', data: '{"a":1}' },
      { id: '8', event: 'message', data: null },
      { id: null, event: 'message', data: 'x\ny' },
    ]);
  });

  it('are the same however the text is cut', () => {
    const message = fc.record({ id: fc.stringMatching(/^[a-z0-9]{1,5}$/), data: fc.stringMatching(/^[ -~]{1,20}$/) });
    fc.assert(
      fc.property(fc.array(message), fc.integer({ min: 1, max: 9 }), (messages, size) => {
        const text = messages.map(({ id, data }) => `id: ${id}\nevent: event\ndata: ${data}\n\n`).join('');
        const reader = new ServerEventReader();
        const read = (text.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? []).flatMap((piece) => reader.push(piece));
        expect(read).toEqual(messages.map(({ id, data }) => ({ id, event: 'event', data })));
      }),
    );
  });
});
