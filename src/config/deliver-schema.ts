import * as z from 'zod';
import { edgeKeys } from './edge-schema.ts';
import { flag, text } from './leaves.ts';
import { targetReference } from './urls.ts';

const EVENTS = 'a list with at least one event type, or no `events` at all for every event';

const edge = z.strictObject({
  target: targetReference().meta({ description: 'The name of a target, or a URL.' }),
  events: z
    .array(text('an event type, for example EXTRACTION_COMPLETED', /^[\x21-\x7e]([\x20-\x7e]{0,254}[\x21-\x7e])?$/))
    .min(1, { error: EVENTS })
    .optional()
    .meta({
      description:
        "Only events of these types go to this target, `*` stands for any run of characters; the others are kept as filtered. The type is named by the provider (knowledgesdk: `event` in the body); an event without one, such as a post to KnowledgeSDK's callbackUrl, is in no list.",
      expected: EVENTS,
    }),
  answers: flag().optional().meta({
    description: 'In proxy mode with several targets: the one whose answer is passed back to the sender.',
  }),
  ...edgeKeys,
});

const DELIVER = 'a target or a URL, { target, events, filter, transform, … }, or a list of them';

/** The `deliver` of a route: where its events go. */
export const deliver = z
  .union([
    targetReference(),
    edge,
    z.array(z.union([targetReference(), edge]).meta({ expected: DELIVER })).min(1, { error: DELIVER }),
  ])
  .meta({
    description: 'Where events go. A URL makes a target of its own, with all defaults, which is named after the route.',
    expected: DELIVER,
  });
