import { ROUTE_PATH } from '../../test/support/knowledgesdk-event.ts';
import { RelayProcess } from '../../test/support/relay-process.ts';
import type { Proof } from '../load-plan.ts';
import { atLeast, type Measure, measure } from '../measure.ts';
import { HMAC_SECRET } from '../request-template.ts';
import type { Bench, Scenario, Throughput } from '../scenario.ts';
import { throughput } from './ack.ts';

/** A route that knows who sends by HMAC. */
export function signedRoute(): Record<string, unknown> {
  return { path: ROUTE_PATH, verify: { provider: 'knowledgesdk', hmac: HMAC_SECRET, tolerance: '1h' }, deliver: ['app'] };
}

/** By the scheme of the preset, but without the event's type, for which the body would be read as JSON. */
const HMAC_ROUTE = {
  path: ROUTE_PATH,
  verify: {
    custom: {
      kind: 'hmac',
      from: 'header:x-knowledgesdk-signature',
      parse: { kv: '=', key: 'sha256' },
      message: '{timestamp}.{body}',
      timestamp: { from: 'header:x-knowledgesdk-timestamp', unit: 's', tolerance: '1h' },
      secret: HMAC_SECRET,
    },
  },
  dedup: { key: 'header:x-knowledgesdk-dedup-key' },
  deliver: ['app'],
};

/** The same work but for the verification. */
const OPEN_ROUTE = {
  path: ROUTE_PATH,
  verify: 'none',
  dedup: { key: 'header:x-knowledgesdk-dedup-key' },
  deliver: ['app'],
};

async function acknowledged(bench: Bench, route: Record<string, unknown>, proof: Proof): Promise<Throughput> {
  const config = { routes: { knowledgesdk: route } };
  const relay = await RelayProcess.start({ ...bench.relay, target: bench.receiver.url, config });
  try {
    await relay.admin.post('/api/v1/targets/app/pause');
    return await throughput(relay.hookUrl, relay.program, bench, proof);
  } finally {
    await relay.remove();
  }
}

export const verify: Scenario = {
  name: 'verify',
  title: 'What an HMAC-SHA256 over the body costs: acknowledged with it and without, 256 connections',
  async run(bench): Promise<Measure[]> {
    const open = await acknowledged(bench, OPEN_ROUTE, 'hmac');
    const signed = await acknowledged(bench, HMAC_ROUTE, 'hmac');
    return [
      measure('verified by HMAC', signed.perSecond, '/s'),
      measure('verify: none', open.perSecond, '/s'),
      measure('ratio', signed.perSecond / open.perSecond, '', atLeast(0.9)),
      measure('processor time per event, verified by HMAC', signed.cpuMicroseconds, 'us'),
      measure('processor time per event, verify: none', open.cpuMicroseconds, 'us'),
    ];
  },
};
