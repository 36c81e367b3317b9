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

  test('no secret, no signer', () => {
    expect(createSigner([])).toBeNull();
  });
});
