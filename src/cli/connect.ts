import { adminAddress } from './admin-address.ts';
import type { AdminClient } from './admin-client.ts';
import type { CommandContext } from './context.ts';
import type { AdminOptions } from './options.ts';

/** A client of the relay that the options, the environment or the configuration name. Nothing is asked yet. */
export async function connect(context: CommandContext, options: AdminOptions): Promise<AdminClient> {
  const address = await adminAddress(context, options);
  const client = await import('./admin-client.ts');
  return new client.AdminClient(address);
}
