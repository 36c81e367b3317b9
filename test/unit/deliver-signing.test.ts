import { Webhook } from 'standardwebhooks';
import { describe, expect, test } from 'vitest';
import { createSigner } from '../../src/deliver/signing.ts';

// The vector of the Standard Webhooks libraries.
const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const ID = 'msg_p5jXN8AQM9LWM0D4loKWxJek';
const BODY = Buffer.from('{"test": 2432232314}');
const SIGNATURE = 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=';

describe('createSigner', () => {
  test('signs as Standard Webhooks does', () => {
    expect(createSigner([SECRET])?.(ID, 1614265330, BODY)).toBe(SIGNATURE);
  });

  test('signs as Svix does', () => {
    const body = Buffer.from('{"event_type":"ping","data":{"success":true}}');
    const signer = createSigner(['whsec_plJ3nmyCDGBKInavdOK15jsl']);
    expect(signer?.('msg_loFOjxBNrRLzqYUf', 1731705121, body)).toBe('v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=');
  });

  test('every secret signs, in order', () => {
    const [first, second] = createSigner(['plain text', SECRET])?.(ID, 1614265330, BODY).split(' ') ?? [];
    expect(second).toBe(SIGNATURE);
    expect(first).toMatch(/^v1,.{44}$/);
    expect(first).not.toBe(second);
  });

  test('a secret without the prefix is taken as it is', () => {
    const same = Buffer.from('plain text').toString('base64');
    expect(createSigner(['plain text'])?.(ID, 1, BODY)).toBe(createSigner([`whsec_${same}`])?.(ID, 1, BODY));
  });

  test('each of several secrets is enough for the library of Standard Webhooks, and no other', () => {
    const secrets = [SECRET, 'whsec_plJ3nmyCDGBKInavdOK15jsl', `whsec_${Buffer.alloc(64, 7).toString('base64')}`];
    const timestamp = Math.floor(Date.now() / 1000);
    const headers = {
      'webhook-id': ID,
      'webhook-timestamp': String(timestamp),
      'webhook-signature': createSigner(secrets)?.(ID, timestamp, BODY) ?? '',
    };
    for (const secret of secrets) expect(new Webhook(secret).verify(BODY.toString(), headers)).toEqual({ test: 2432232314 });
    const other = new Webhook(`whsec_${Buffer.alloc(24, 8).toString('base64')}`);
    expect(() => other.verify(BODY.toString(), headers)).toThrow('No matching signature');
  });

  test('a plain secret is the key of the library in its raw form', () => {
    const timestamp = Math.floor(Date.now() / 1000);
    const plain = 'a plain text of 24 bytes';
    const signature = createSigner([plain])?.(ID, timestamp, BODY) ?? '';
    const headers = { 'webhook-id': ID, 'webhook-timestamp': String(timestamp), 'webhook-signature': signature };
    expect(new Webhook(plain, { format: 'raw' }).verify(BODY.toString(), headers)).toEqual({ test: 2432232314 });
  });

  test('no secret, no signer', () => {
    expect(createSigner([])).toBeNull();
  });
});
