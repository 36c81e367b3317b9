import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

/** A certificate of its own authority, made anew, and the key to sign with. */
export interface SelfSigned {
  certificate: string;
  privateKey: KeyObject;
  publicKey: KeyObject;
}

function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  if (content.length < 0x80) return Buffer.concat([Buffer.from([tag, content.length]), content]);
  const length = Buffer.from(content.length.toString(16).padStart(content.length > 0xff ? 4 : 2, '0'), 'hex');
  return Buffer.concat([Buffer.from([tag, 0x80 | length.length]), length, content]);
}

const SEQUENCE = 0x30;
const oid = (hex: string): Buffer => der(0x06, Buffer.from(hex, 'hex'));
const text = (value: string): Buffer => der(0x0c, Buffer.from(value));
/** UTCTime: YYMMDDhhmmssZ. */
const time = (at: number): Buffer => der(0x17, Buffer.from(`${new Date(at).toISOString().replace(/[-:T]/g, '').slice(2, 14)}Z`));
const RSA_SHA256 = der(SEQUENCE, oid('2a864886f70d01010b'), der(0x05));

/**
 * Makes a certificate for a host (RFC 5280), RSA with 2048 bits.
 * @param valid wall times in ms; by default from a day ago to in a day
 */
export function selfSigned(host: string, valid = { from: Date.now() - 86_400_000, to: Date.now() + 86_400_000 }): SelfSigned {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const name = der(SEQUENCE, der(0x31, der(SEQUENCE, oid('550403'), text(host))));
  const alternative = der(SEQUENCE, der(0x82, Buffer.from(host)));
  const authority = der(
    SEQUENCE,
    oid('551d13'),
    der(0x01, Buffer.from([0xff])),
    der(0x04, der(SEQUENCE, der(0x01, Buffer.from([0xff])))),
  );
  const extensions = der(0xa3, der(SEQUENCE, authority, der(SEQUENCE, oid('551d11'), der(0x04, alternative))));
  const body = der(
    SEQUENCE,
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    RSA_SHA256,
    name,
    der(SEQUENCE, time(valid.from), time(valid.to)),
    name,
    publicKey.export({ format: 'der', type: 'spki' }),
    extensions,
  );
  const signature = der(0x03, Buffer.from([0]), sign('sha256', body, privateKey));
  const lines = der(SEQUENCE, body, RSA_SHA256, signature).toString('base64').replace(/.{64}/g, '$&\n');
  return { certificate: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`, privateKey, publicKey };
}
