import { createServer } from 'node:net';
import { CommandError } from './command-error.ts';

const TRIES = 50;

/** The first port from `first` on that can be listened on now. */
export async function freePort(host: string, first: number): Promise<number> {
  for (let port = first; port < first + TRIES; port += 1) {
    if (await isFree(host, port)) return port;
  }
  const message = `No port from ${first} to ${first + TRIES - 1} is free on ${host}.`;
  throw new CommandError({
    exitCode: 1,
    code: 'cannot_listen',
    message,
    hint: 'Choose one in a configuration file: `listen: 127.0.0.1:9000`.',
  });
}

function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, host, () => probe.close(() => resolve(true)));
  });
}
