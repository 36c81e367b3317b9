import * as z from 'zod';
import { headerChanges } from './header-rules.ts';
import { flag, type LeafResult, leaf, text } from './leaves.ts';
import { basicName, basicPassword, bearerToken, secret } from './secrets.ts';

/** Keys of a target that say how attempts on it go out. */

const auth = z
  .strictObject({
    bearer: secret(bearerToken).optional().meta({
      description: 'Sent as `Authorization: Bearer …`. Empty counts as not configured.',
    }),
    username: secret(basicName).optional().meta({ description: 'Sent with `password` as `Authorization: Basic …`.' }),
    password: secret(basicPassword).optional().meta({ description: 'May be empty where the name is a key.' }),
  })
  .meta({
    description: "Credentials for the target, in place of a sender's Authorization. Not together with credentials in its URL.",
    expected: '{ bearer: "${APP_TOKEN}" } or { username, password }',
  });

const filePath = () => text('the path of a file', /^[^\0]+$/);
const HOST_NAME = /^[A-Za-z0-9_]([A-Za-z0-9_-]{0,62})?(\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,62})?)*$/;

const tls = z
  .strictObject({
    ca: filePath().optional().meta({
      description: 'Certificates of authorities in PEM. Only these are trusted for this target, the public ones are not.',
    }),
    cert: filePath().optional().meta({
      description: 'The client certificate in PEM, shown to a target that asks for one; those that lead to the root after it.',
    }),
    key: filePath().optional().meta({ description: 'Its private key in PEM, without a passphrase.' }),
    serverName: text('a host name, for example app.internal', HOST_NAME).optional().meta({
      description: "The name that the target's certificate must have, in place of the host in its URL; sent as SNI too.",
    }),
  })
  .meta({
    description:
      "TLS of an https target. Relative paths start at this file's folder; files that change are taken within ten seconds, without a reload.",
    expected: '{ ca, cert, key, serverName }',
  });

const PROXY =
  'the URL of an HTTP proxy without a path, for example http://proxy:3128 or http://user:${PROXY_PASSWORD}@proxy:3128';

function proxyUrl() {
  return leaf({ type: 'string', pattern: '^https?://', expected: PROXY }, (input): LeafResult<string> => {
    const url = typeof input === 'string' && /^https?:\/\/[^/?#\s]+\/?$/i.test(input) ? URL.parse(input) : null;
    return url === null ? { problems: [{ code: 'bad_url', expected: PROXY }] } : { value: url.href };
  });
}

export const outgoingKeys = {
  auth: auth.optional(),
  headers: headerChanges.optional().meta({ description: 'What is changed in the headers that are sent to this target.' }),
  tls: tls.optional(),
  proxy: proxyUrl().optional().meta({
    description:
      'Through which attempts go: by CONNECT to an https target, by the absolute URL to an http one. User and password are hidden wherever it is shown.',
  }),
  http2: flag().prefault(false).meta({
    description: 'Speaks HTTP/2 with an https target that offers it. Many attempts then share one connection.',
  }),
};
