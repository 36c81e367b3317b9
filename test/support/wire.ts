import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** The network between the relay and a target, on loopback: passes bytes on until it is told to do something else. */
export interface Wire {
  port: number;
  /** The connections that there are lose everything from now on, as if packets were dropped; new ones work. */
  loseAll(): void;
  /** Resets the connections that there are. */
  resetAll(): void;
  close(): Promise<void>;
}

/** @param to a port of 127.0.0.1 */
export async function startWire(to: number): Promise<Wire> {
  const pairs = new Set<[Socket, Socket]>();
  const server = createServer((near) => {
    const far = connect(to, '127.0.0.1');
    const pair: [Socket, Socket] = [near, far];
    pairs.add(pair);
    for (const [one, other] of [pair, [far, near] as const]) {
      one.pipe(other);
      one.on('error', () => undefined);
      one.once('close', () => {
        other.destroy();
        pairs.delete(pair);
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    loseAll() {
      for (const [one, other] of [...pairs, ...[...pairs].map(([near, far]) => [far, near] as const)]) one.unpipe(other).resume();
    },
    resetAll() {
      for (const [near] of pairs) near.resetAndDestroy();
    },
    async close() {
      for (const pair of pairs) for (const socket of pair) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
