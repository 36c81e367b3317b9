import { INITIAL } from './001-initial.ts';
import { ATTEMPT_ROOM } from './002-attempt-room.ts';
import { LEARNED_SECRETS } from './003-learned-secrets.ts';
import { AUDIT } from './004-audit.ts';
import { RETRY_DURATION } from './005-retry-duration.ts';
import { BULK_TASKS } from './006-bulk-tasks.ts';
import { SEALS } from './007-seals.ts';
import { TARGET_STATES } from './008-target-states.ts';
import { DELIVERY_ORDER } from './009-delivery-order.ts';

/** In order; the database's `user_version` is the number of those that were run. */
export const MIGRATIONS: readonly string[] = [
  INITIAL,
  ATTEMPT_ROOM,
  LEARNED_SECRETS,
  AUDIT,
  RETRY_DURATION,
  BULK_TASKS,
  SEALS,
  TARGET_STATES,
  DELIVERY_ORDER,
];
