import * as z from 'zod';
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

const retention = z
  .strictObject({
    delivered: duration(MINUTE, 3650 * DAY)
      .prefault('14d')
      .meta({ description: 'How long an event is kept after its last delivery.' }),
    dead: duration(MINUTE, 3650 * DAY)
      .prefault('90d')
      .meta({ description: 'How long a dead letter is kept.' }),
    rejections: duration(MINUTE, 3650 * DAY)
      .prefault('3d')
      .meta({ description: 'How long a refused request is kept.' }),
  })
  .meta({ description: 'How long things are kept in the database.', expected: '{ delivered, dead, rejections }' });

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
  })
  .meta({ description: 'Where events are kept.', expected: '{ url, minFree, retention }' });
