import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { PROVIDER_NAMES, type ProviderName, presetOf } from '../../src/providers/presets.ts';
import type { AuthScheme } from '../../src/providers/scheme.ts';
import { secretName } from '../../src/providers/sender.ts';
import { isSignable } from '../../src/providers/sign.ts';
import { hookbay } from '../support/command-line.ts';
import { writtenSecret } from '../support/provider-secrets.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { RelayProcess } from '../support/relay-process.ts';
import { waitFor } from '../support/wait.ts';

/** One route for each way to prove who sends that a shared secret is enough for. */
interface Trial {
  route: string;
  provider: ProviderName;
  scheme: AuthScheme;
  secret: string;
  params: Record<string, string>;
}

const PUBLIC_URL = 'https://hooks.example.com';

const TRIALS: readonly Trial[] = PROVIDER_NAMES.flatMap((provider) => {
  const { auth, params = {} } = presetOf(provider);
  return auth.flatMap((scheme): Trial[] => {
    const secret = writtenSecret(scheme);
    if (secret === null || scheme.kind === 'pubkey') return [];
    const examples = Object.entries(params).filter(([name]) => name !== 'username' || scheme.kind === 'basic');
    const own = Object.fromEntries(examples.map(([name, { example }]) => [name, example]));
    return [{ route: `${provider}-${secretName(scheme)}`, provider, scheme, secret, params: own }];
  });
});

function routesOf(trials: readonly Trial[]): Record<string, unknown> {
  return Object.fromEntries(
    trials.map(({ route, provider, scheme, secret, params }) => [
      route,
      { path: `/${route}`, verify: { provider, [secretName(scheme) ?? '']: secret, ...params }, deliver: ['app'] },
    ]),
  );
}

let relay: RelayProcess;
let app: Receiver;

beforeAll(async () => {
  app = await startReceiver();
  const publicKeys = {
    'public-key': { path: '/public-key', verify: { provider: 'fal' }, deliver: ['app'] },
    open: { path: '/open', verify: 'none', deliver: ['app'] },
  };
  const config = { publicUrl: PUBLIC_URL, routes: { ...routesOf(TRIALS), ...publicKeys } };
  relay = await RelayProcess.start({ target: app.url, config });
});
afterAll(async () => {
  await relay?.remove();
  await app?.close();
});

test('every preset that a shared secret can sign for is tried', () => {
  const signable = PROVIDER_NAMES.filter((name) => isSignable(presetOf(name)));
  expect(new Set(TRIALS.map(({ provider }) => provider))).toEqual(new Set(signable));
  expect(signable.length).toBeGreaterThan(40);
});

function sendArguments({ provider, scheme, secret, params, route }: Trial, changes: { secret?: string } = {}): string[] {
  const option = scheme.kind === 'hmac' && scheme.secret === 'hmac' ? '--hmac' : '--secret';
  return [
    ...['send', '--json', '--provider', provider, '--to', `${relay.publicUrl}/${route}`],
    ...[option, changes.secret ?? secret],
    ...Object.entries(params).flatMap(([name, value]) => ['--param', `${name}=${value}`]),
    ...(presetOf(provider).auth.some((each) => 'message' in each && each.message?.includes('{url}'))
      ? ['--public-url', PUBLIC_URL]
      : []),
  ];
}

describe.each(TRIALS)('$route', (trial) => {
  it('takes what `send` signs with the secret, and nothing else', async () => {
    const right = await hookbay(sendArguments(trial));
    const { ok = 200, emptyBody = false } = presetOf(trial.provider).reply ?? {};
    const body = emptyBody ? '' : expect.stringContaining('"accepted"');
    expect(JSON.parse(right.stdout), right.stderr).toMatchObject({ statusCode: ok, body });
    const wrong = await hookbay(sendArguments(trial, { secret: writtenSecret(trial.scheme, 'another-secret') ?? '' }));
    expect({ exitCode: wrong.exitCode, answer: JSON.parse(wrong.stdout) }).toMatchObject({
      exitCode: 1,
      answer: { statusCode: 401 },
    });
  });

  it('takes its own test event', async () => {
    const { exitCode, stdout, stderr } = await hookbay(['send', '--json', '--route', trial.route, '--url', relay.adminUrl]);
    const { ok = 200 } = presetOf(trial.provider).reply ?? {};
    expect(JSON.parse(stdout), stderr).toMatchObject({ statusCode: ok, eventId: expect.stringMatching(/^evt_/) });
    expect(exitCode).toBe(0);
  });
});

test('what was sent arrives at the target', async () => {
  await waitFor('all deliveries', () => app.received.length >= TRIALS.length * 2);
  expect(new Set(app.received.map(({ headers }) => headers['hookbay-route']))).toEqual(new Set(TRIALS.map(({ route }) => route)));
});

test('a route whose provider signs with a private key says so', async () => {
  const { exitCode, stderr } = await hookbay(['send', '--route', 'public-key', '--url', relay.adminUrl]);
  expect(exitCode).toBe(1);
  expect(stderr).toContain('fal signs with a private key that only the provider has');
});

test('a route that verifies nobody takes a test event', async () => {
  expect(await hookbay(['send', '--route', 'open', '--url', relay.adminUrl])).toMatchObject({ exitCode: 0 });
});
