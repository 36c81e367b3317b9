import { useCallback } from 'preact/hooks';
import { get, getMetrics } from '../api/client.ts';
import type { EffectiveConfig } from '../api/relay.ts';
import { hasSession, useIdentity } from '../identity.ts';
import { Trouble } from '../parts/shown.tsx';
import { usePolled } from '../polling.ts';
import { bytes } from '../words/figures.ts';
import { samplesOf } from '../words/metrics.ts';
import { refusalWords } from '../words/refusal.ts';
import { retentionFacts } from '../words/retention.ts';
import { yamlText } from '../words/yaml.ts';
import { WhatWasDone } from './what-was-done.tsx';

interface Present {
  config: EffectiveConfig;
  metrics: string;
  isEncrypted: boolean;
}

async function look(signal: AbortSignal): Promise<Present> {
  const [config, metrics, { encrypted }] = await Promise.all([
    get<EffectiveConfig>('config', signal),
    getMetrics(signal),
    get<{ encrypted: boolean }>('config/settings', signal),
  ]);
  return { config, metrics, isEncrypted: encrypted };
}

const EVERY_MS = 10_000;

/** Who looks, what runs, by which configuration, and what was done. */
export function Settings() {
  const load = useCallback(look, []);
  const { value, trouble } = usePolled(load, EVERY_MS);
  return (
    <>
      <h1 tabIndex={-1}>Settings</h1>
      <Trouble text={trouble} />
      <You />
      {value !== null && (
        <>
          <section aria-labelledby="relay">
            <h2 id="relay">The relay</h2>
            <RelayFacts {...value} />
          </section>
          <WhatWasDone />
          <section aria-labelledby="config">
            <h2 id="config">Configuration in force</h2>
            <p class="muted small above">
              With every default written out, and secrets hidden. What is not configured is left out.
            </p>
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and the keyboard has to reach it */}
            <section class="answer tall" tabIndex={0} aria-label="Text of the configuration">
              <pre>{yamlText(value.config)}</pre>
            </section>
          </section>
        </>
      )}
    </>
  );
}

function You() {
  const identity = useIdentity();
  const may = identity.role === 'viewer' ? 'You see everything but secrets, and change nothing.' : 'You may do everything.';
  return (
    <section class="card" aria-label="You">
      <p>
        {hasSession(identity) ? (
          <>
            Signed in as <b>{identity.name}</b>, {identity.role}. <span class="muted">{may}</span>
          </>
        ) : (
          <>
            No token is configured: whoever reaches this page may do everything.{' '}
            <span class="muted">That is why it answers on this machine only.</span>
          </>
        )}
      </p>
    </section>
  );
}

function RelayFacts({ config, metrics, isEncrypted }: Present) {
  const [build] = samplesOf(metrics, 'hookbay_build_info');
  const [log] = samplesOf(metrics, 'hookbay_wal_bytes');
  const memory = samplesOf(metrics, 'hookbay_memory_bytes').find(({ labels }) => labels.kind === 'resident');
  const trouble = samplesOf(metrics, 'hookbay_storage_trouble').filter(({ value }) => value > 0);
  const facts: [name: string, text: string][] = [
    ['version', build === undefined ? 'not told' : `${build.labels.version} on Node ${build.labels.node}`],
    ['memory', memory === undefined ? 'not told' : bytes(memory.value)],
    ['database', config.storage?.url ?? 'not told'],
    ['encryption', isEncrypted ? 'bodies, headers, dedup keys and answers' : 'none'],
    ['storage', trouble.length === 0 ? 'in order' : trouble.map(({ labels }) => refusalWords(labels.reason ?? '')).join(', ')],
    ['write-ahead log', log === undefined ? 'not told' : bytes(log.value)],
    ...retentionFacts(config.storage?.retention ?? {}),
  ];
  return (
    <dl class="card facts wide">
      {facts.map(([name, text]) => (
        <Fact key={name} name={name} text={text} />
      ))}
    </dl>
  );
}

const Fact = ({ name, text }: { name: string; text: string }) => (
  <>
    <dt>{name}</dt>
    <dd class="figures">{text}</dd>
  </>
);
