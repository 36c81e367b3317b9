import * as z from 'zod';
import { encryption } from './encryption-schema.ts';
import { duration, size, text } from './leaves.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const MIB = 1024 * 1024;
const GIB = 1024 * MIB;

const storageUrl = text(
  'sqlite: and a path, for example sqlite:./data/hookbay.db',
  /^sqlite:(?!\/\/[^/])(?!:memory:)(?!.*[?#])[^\0]*[^/\0]$/,
  'bad_url',
);

/** The file that a `storage.url` names, perhaps relative to the configuration's folder. */
export const databasePath = (url: string): string => url.slice('sqlite:'.length).replace(/^\/+/, '/');

const age = () => duration(MINUTE, 3650 * DAY);

const retention = z
  .strictObject({
    delivered: duration(MINUTE, 3650 * DAY)
      .prefault('14d')
      .meta({ description: 'How long an event is kept after its last delivery.' }),
    dead: duration(MINUTE, 3650 * DAY)
      .prefault('90d')
      .meta({ description: 'How long a dead letter is kept.' }),
    filtered: age().optional().meta({ description: 'The same for deliveries that were filtered out. Left out: as `delivered`.' }),
    cancelled: age().optional().meta({ description: 'The same for cancelled deliveries. Left out: as `delivered`.' }),
    bodies: age().optional().meta({
      description:
        'When bodies and headers go before the event does: so long after its last delivery. Events with a dead letter keep theirs. Left out: with the event.',
    }),
    rejections: duration(MINUTE, 3650 * DAY)
      .prefault('3d')
      .meta({ description: 'How long a refused request is kept.' }),
    maxSize: size(MIB, 1024 * 1024 * GIB)
      .optional()
      .meta({
        description:
          'When the database holds more than this, the oldest finished events go, whatever their age; never what is pending or held. Looked at every minute. Left out: no limit.',
      }),
  })
  .meta({
    description: 'How long things are kept in the database.',
    expected: '{ delivered, dead, filtered, cancelled, bodies, rejections, maxSize }',
  });

/** The `keep` of a route. */
export const keep = age().optional().meta({
  description: 'How long finished events of this route are kept, dead letters too, in place of the ages in `storage.retention`.',
});

/** Where events are kept, and for how long. */
export const storage = z
  .strictObject({
    url: storageUrl
      .prefault('sqlite:./data/hookbay.db')
      .meta({ description: "The database file; a relative path starts at this file's folder. Changing it needs a restart." }),
    minFree: size(MIB, 1024 * GIB)
      .prefault('256MiB')
      .meta({
        description: 'With less free space than this on the disk, webhooks are refused with 503. Changing it needs a restart.',
      }),
    retention: retention.prefault({}),
    encryption: encryption.optional(),
  })
  .meta({ description: 'Where events are kept.', expected: '{ url, minFree, retention, encryption }' });
