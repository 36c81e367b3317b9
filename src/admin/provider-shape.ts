import { z } from 'zod';

/** A provider's preset in words, for people who set up a route of it. */
export const provider = z
  .strictObject({
    name: z.string(),
    label: z.string(),
    known: z.string().describe('how well the preset is known: `vendor-verified`, `documented` or `from catalogues`'),
    verifies: z.string().describe('how it verifies, in one line'),
    note: z.string().describe('where its secret is found, and what is special'),
    verify: z.array(z.string()).describe('lines to paste into a route, one for each way to verify'),
    handshakeSetting: z.string().nullable(),
    needsPublicUrl: z.boolean().describe('whether `publicUrl` has to be configured, because the provider signs it'),
    settings: z.array(
      z.strictObject({ name: z.string(), meaning: z.string(), need: z.enum(['required', 'this or another', 'optional']) }),
    ),
    overrides: z.array(z.string()).describe('keys under `verify` that change single fields of the preset'),
    credentials: z.array(
      z.strictObject({
        kind: z.string(),
        where: z.string(),
        form: z.string().nullable(),
        message: z.string().nullable(),
        algorithm: z.string().nullable(),
        key: z.string().nullable(),
        time: z.string().nullable(),
      }),
    ),
    dedupKey: z.array(z.string()),
    eventType: z.array(z.string()),
    handshakes: z.array(z.string()).describe('what it sends that is no event'),
    answers: z.string().nullable().describe('what it wants of answers'),
    send: z.string().nullable().describe('the command that signs a test event like the provider'),
  })
  .meta({ id: 'Provider' });
