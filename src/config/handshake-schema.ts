import * as z from 'zod';
import { neededSettings } from '../providers/handshakes.ts';
import type { Path } from './fault.ts';
import { text } from './leaves.ts';
import { providerToken, secrets } from './secrets.ts';
import { type TreeFault, valueAt } from './tree.ts';

const topic = () => text('the URL of a topic, as it was subscribed to', /^[\x21-\x7e]{1,1024}$/);

/** What routes have for handshakes whose sender has no signature to show. */
export const handshake = z
  .strictObject({
    verifyToken: secrets(providerToken).optional().meta({
      description:
        'The verify token that you gave to Meta or WhatsApp: whoever asks to subscribe must know it. A list while it is being changed.',
    }),
    topic: z
      .union([topic(), z.array(topic()).min(1)])
      .optional()
      .meta({
        description: 'The topics of WebSub that subscriptions are agreed to.',
        expected: 'the URL of a topic, or a list of them',
      }),
  })
  .meta({
    description: 'What the handshakes of some providers need; the others need nothing.',
    expected: '{ verifyToken: "${META_VERIFY_TOKEN}" }',
  });

/** A setting that the provider's handshakes never look at is a mistake somewhere. */
export function handshakeRules(file: unknown, path: Path): TreeFault[] {
  const provider = valueAt(file, [...path, 'verify', 'provider']);
  const needed: readonly string[] = typeof provider === 'string' ? neededSettings(provider) : [];
  const given = valueAt(file, [...path, 'handshake']);
  if (typeof given !== 'object' || given === null) return [];
  return ['verifyToken', 'topic']
    .filter((key) => Object.hasOwn(given, key) && !needed.includes(key))
    .map((key) => ({
      path: [...path, 'handshake', key],
      code: 'contradiction',
      message: 'the provider of this route has no handshake that asks for it',
      expected: key === 'topic' ? '`provider: websub`, or no topic' : '`provider: meta` or `whatsapp`, or no verifyToken',
    }));
}
