import type { Endpoint } from '../endpoint.ts';
import { alertEndpoints } from './alerts.ts';
import { auditEndpoints } from './audit.ts';
import { backupEndpoints } from './backup.ts';
import { deletionEndpoints } from './deletions.ts';
import { deliveryEndpoints } from './deliveries.ts';
import { eventEndpoints } from './events.ts';
import { healthEndpoints } from './health.ts';
import { providerEndpoints } from './providers.ts';
import { relayEndpoints } from './relay.ts';
import { replayEndpoints } from './replays.ts';
import { routeEndpoints } from './routes.ts';
import { sessionEndpoints } from './session.ts';
import { streamEndpoints } from './stream.ts';
import { targetEndpoints } from './targets.ts';
import { taskEndpoints } from './tasks.ts';

/** Every endpoint of the private listener: the app mounts this list and the OpenAPI document shows it. */
export const endpoints: readonly Endpoint[] = [
  ...eventEndpoints,
  ...deletionEndpoints,
  ...deliveryEndpoints,
  ...replayEndpoints,
  ...taskEndpoints,
  ...targetEndpoints,
  ...alertEndpoints,
  ...routeEndpoints,
  ...providerEndpoints,
  ...relayEndpoints,
  ...streamEndpoints,
  ...backupEndpoints,
  ...auditEndpoints,
  ...sessionEndpoints,
  ...healthEndpoints,
];
