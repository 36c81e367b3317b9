import { lookup } from 'node:dns/promises';
import { connect } from 'node:net';
import type { Config, TargetConfig } from '../config/types.ts';
import type { Finding } from './findings.ts';

const TIMEOUT_MS = 5_000;

/** Whether each target's name is known and something listens there. Nothing is sent. */
export function examineTargets(config: Config): Promise<Finding[]> {
  return Promise.all([...config.targets.values()].map(examineTarget));
}

async function examineTarget({ name, url, shownUrl }: TargetConfig): Promise<Finding> {
  const subject = `target ${name}`;
  const { hostname, port, protocol } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  const bad = (finding: string, advice: string): Finding => ({ state: 'bad', subject, finding, advice });
  try {
    await lookup(host);
  } catch {
    return bad(`${host} cannot be resolved here.`, 'Is the name right? In a container it is the name of the service.');
  }
  const why = await refusal(host, Number(port) || (protocol === 'https:' ? 443 : 80));
  if (why === null) return { state: 'good', subject, finding: `Something listens at ${shownUrl}.`, advice: null };
  return bad(
    `${shownUrl} cannot be reached: ${why}.`,
    'Start it, or correct its url. What comes meanwhile waits, and is tried again.',
  );
}

/** @returns why no connection could be opened, or null */
function refusal(host: string, port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: TIMEOUT_MS });
    const end = (why: string | null): void => {
      socket.destroy();
      resolve(why);
    };
    socket.once('connect', () => end(null));
    socket.once('timeout', () => end(`no answer within ${TIMEOUT_MS / 1000} s`));
    socket.once('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message));
  });
}
