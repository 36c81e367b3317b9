import type { AdminClient } from './admin-client.ts';
import type { Page } from './admin-types.ts';
import { wrongUse } from './command-error.ts';

interface Names {
  route?: string | undefined;
  target?: string | undefined;
}

/**
 * A mistyped name would look like an empty answer. Names that the configuration no longer has are right as long as
 * deliveries of them are stored.
 * @throws CommandError with the names that there are
 */
export async function refuseUnknownNames(admin: AdminClient, { route, target }: Names): Promise<void> {
  if (route !== undefined) await refuseUnknown(admin, 'route', route);
  if (target !== undefined) await refuseUnknown(admin, 'target', target);
}

async function refuseUnknown(admin: AdminClient, kind: 'route' | 'target', name: string): Promise<void> {
  const { data } = await admin.get<Page<{ name: string }>>(`/${kind}s`);
  if (data.some((configured) => configured.name === name)) return;
  const stored = await admin.get<Page<unknown>>('/deliveries', { [kind]: name, limit: 1 });
  if (stored.data.length > 0) return;
  throw wrongUse(`There is no ${kind} "${name}".`, `There are: ${data.map((configured) => configured.name).join(', ')}.`);
}
