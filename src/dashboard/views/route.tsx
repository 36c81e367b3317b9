import { useCallback } from 'preact/hooks';
import { ApiProblem, get } from '../api/client.ts';
import type { EffectiveConfig, Provider, ShownEdge } from '../api/relay.ts';
import type { Page, Route, ShownConfig } from '../api/types.ts';
import { placeOf } from '../location.ts';
import { Copyable, Trouble } from '../parts/shown.tsx';
import { TestEvent } from '../parts/test-event.tsx';
import { usePolled } from '../polling.ts';
import { publicAddress, takesCurl } from '../words/curl.ts';
import { yamlText } from '../words/yaml.ts';
import { Arming } from './arming.tsx';
import { ProviderWords } from './provider-words.tsx';
import { CurlLine, LastHeard } from './route-card.tsx';

interface Present {
  route: Route;
  base: string;
  settings: EffectiveConfig['routes'][string];
}

async function look(name: string, signal: AbortSignal): Promise<Present> {
  const [routes, config] = await Promise.all([
    get<Page<Route>>('routes', signal),
    get<EffectiveConfig & ShownConfig>('config', signal),
  ]);
  const route = routes.data.find((each) => each.name === name);
  if (route === undefined) throw new Error(`No route ${name} is configured.`);
  return { route, base: publicAddress(config), settings: config.routes[name] ?? {} };
}

/** One route: how senders reach it, how its provider is set up, and where its events go. */
export function RouteView({ name }: { name: string }) {
  const load = useCallback((signal: AbortSignal) => look(name, signal), [name]);
  const { value, trouble, refresh } = usePolled(load);
  return (
    <>
      <div class="row between">
        <h1 tabIndex={-1}>{name}</h1>
        {value !== null && <TestEvent route={value.route} onChange={refresh} />}
      </div>
      <Trouble text={trouble} />
      {value !== null && (
        <>
          <section class="card" aria-label="Address">
            <Copyable text={value.route.url ?? value.base + value.route.path} label={`Copy the URL of ${name}`} />
            {value.route.url === null && (
              <p class="muted small">
                As far as the relay knows: with <code>publicUrl</code> in the configuration it is the address that senders use.
              </p>
            )}
            <LastHeard route={value.route} />
          </section>
          {value.route.handshake !== null && <Arming route={value.route} handshake={value.route.handshake} onChange={refresh} />}
          <section aria-labelledby="deliver">
            <h2 id="deliver">Where its events go</h2>
            <Edges edges={value.settings.deliver ?? value.route.deliver.map(({ target }) => target)} />
          </section>
          <section aria-labelledby="provider">
            <h2 id="provider">How its sender is set up</h2>
            <SetUp provider={value.route.provider} address={value.base + value.route.path} />
          </section>
          {takesCurl(value.route) && (
            <section aria-labelledby="send">
              <h2 id="send">Send one with curl</h2>
              <CurlLine route={value.route} base={value.base} />
            </section>
          )}
          <section aria-labelledby="settings">
            <h2 id="settings">Its settings</h2>
            <pre class="answer">{yamlText(value.settings)}</pre>
          </section>
        </>
      )}
    </>
  );
}

const Edges = ({ edges }: { edges: readonly ShownEdge[] }) => (
  <ul class="card edges">
    {edges.map((edge) => {
      const { target, ...rules } = typeof edge === 'string' ? { target: edge } : edge;
      return (
        <li key={JSON.stringify(edge)} class="row">
          <a href={placeOf(['targets', target])}>{target}</a>
          {Object.keys(rules).length === 0 ? <span class="muted">every event</span> : <pre class="inline">{yamlText(rules)}</pre>}
        </li>
      );
    })}
  </ul>
);

const HOUR_MS = 3_600_000;

function SetUp({ provider, address }: { provider: string; address: string }) {
  const load = useCallback(
    async (signal: AbortSignal): Promise<{ words: Provider | null }> => {
      try {
        return { words: await get<Provider>(`providers/${encodeURIComponent(provider)}`, signal) };
      } catch (error) {
        // A sender that the configuration describes itself, or an older relay.
        if (error instanceof ApiProblem && error.status === 404) return { words: null };
        throw error;
      }
    },
    [provider],
  );
  const isPreset = provider !== 'none' && provider !== 'custom';
  const { value, trouble } = usePolled(isPreset ? load : noWords, HOUR_MS);
  if (provider === 'none') {
    return <p class="card">Nobody is verified: whoever knows the address can send. Keep such a route behind an allow list.</p>;
  }
  return (
    <>
      <Trouble text={trouble} />
      {value !== null && value.words === null && (
        <p class="card">
          It is verified as its settings say, under <code>verify</code>; there is no preset to describe.
        </p>
      )}
      {value !== null && value.words !== null && <ProviderWords provider={value.words} address={address} />}
    </>
  );
}

const noWords = async (): Promise<{ words: Provider | null }> => ({ words: null });
