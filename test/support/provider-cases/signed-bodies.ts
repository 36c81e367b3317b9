import type { CredentialCase } from './credential-case.ts';
import { base64, hex, inHeader, joined, MINUTE_MS, mac, sharedSecret } from './shared-secret.ts';

const TIMELESS = { because: 'it signs the body and no time' };

type Write = (body: Buffer, secret: string) => string;

function signedBody(header: string, write: Write, changes: Partial<CredentialCase> = {}): [CredentialCase] {
  const prove = ({ body }: { body: Buffer }, secret: string) => ({ headers: { [header]: write(body, secret) } });
  return [{ ...sharedSecret({ place: `header:${header}`, toleranceMs: TIMELESS, prove }), ...changes }];
}

const sha256Hex: Write = (body, secret) => hex(secret, body);
const sha256Base64: Write = (body, secret) => base64(secret, body);
const named: Write = (body, secret) => `sha256=${hex(secret, body)}`;

/** Providers that sign the body alone. */
export const SIGNED_BODIES = {
  github: signedBody('x-hub-signature-256', named),
  bitbucket: signedBody('x-hub-signature', named),
  shopify: signedBody('x-shopify-hmac-sha256', sha256Base64),
  dropbox: signedBody('x-dropbox-signature', sha256Hex),
  sentry: signedBody('sentry-hook-signature', sha256Hex),
  vercel: signedBody('x-vercel-signature', (body, secret) => mac('sha1', secret, body).toString('hex')),
  typeform: signedBody('typeform-signature', (body, secret) => `sha256=${base64(secret, body)}`),
  lemonsqueezy: signedBody('x-signature', sha256Hex),
  intercom: signedBody('x-hub-signature', (body, secret) => `sha1=${mac('sha1', secret, body).toString('hex')}`),
  meta: signedBody('x-hub-signature-256', named),
  whatsapp: signedBody('x-hub-signature-256', named),
  notion: signedBody('x-notion-signature', named),
  x: signedBody('x-twitter-webhooks-signature', (body, secret) => `sha256=${base64(secret, body)}`),
  docusign: signedBody('x-docusign-signature-1', sha256Base64, {
    merge: inHeader('x-docusign-signature-1', 'x-docusign-signature-2'),
  }),
  xero: signedBody('x-xero-signature', sha256Base64),
  hookdeck: signedBody('x-hookdeck-signature', sha256Base64, {
    merge: inHeader('x-hookdeck-signature', 'x-hookdeck-signature-2'),
  }),
  pagerduty: signedBody('x-pagerduty-signature', (body, secret) => `v1=${hex(secret, body)}`, {
    merge: joined('x-pagerduty-signature', ','),
  }),
  asana: signedBody('x-hook-signature', sha256Hex),
  // A hub may take any of four hashes; the others are in provider-presets.test.ts.
  websub: signedBody('x-hub-signature', (body, secret) => `sha512=${mac('sha512', secret, body).toString('hex')}`),
  linear: [
    sharedSecret({
      place: 'header:linear-signature',
      toleranceMs: MINUTE_MS,
      prove(request, secret, now) {
        const body = Buffer.from(JSON.stringify({ ...JSON.parse(request.body.toString()), webhookTimestamp: now }));
        return { body, headers: { 'linear-signature': hex(secret, body) } };
      },
    }),
  ],
} as const satisfies Record<string, readonly CredentialCase[]>;
