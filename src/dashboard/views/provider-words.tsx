import type { Provider } from '../api/relay.ts';
import { Copyable } from '../parts/shown.tsx';

/** Text with code between backticks. */
const Prose = ({ text }: { text: string }) => (
  <>{text.split('`').map((part, i) => (i % 2 === 0 ? part : <code key={i}>{part}</code>))}</>
);

/** How a provider is set up, as the table of presets tells it. @param address of the route, for the command */
export function ProviderWords({ provider, address }: { provider: Provider; address: string }) {
  const { label, known, verifies, note, verify, handshakeSetting, needsPublicUrl, dedupKey, eventType, handshakes, answers } =
    provider;
  const lines = [...(handshakeSetting === null ? [] : [handshakeSetting])];
  return (
    <div class="card">
      <p>
        <b>{label}</b> <span class="muted">· {known}</span>
      </p>
      <p>
        <Prose text={note} />
      </p>
      {needsPublicUrl && (
        <p>
          It signs the URL: <code>publicUrl</code> has to be configured as the provider knows it.
        </p>
      )}
      <dl class="facts">
        <dt>verifies</dt>
        <dd>{verifies}</dd>
        <dt>dedup key</dt>
        <dd>{dedupKey.length === 0 ? 'none of its own' : dedupKey.join(', else ')}</dd>
        <dt>event type</dt>
        <dd>{eventType.length === 0 ? 'it names none' : eventType.join(', else ')}</dd>
        {answers !== null && (
          <>
            <dt>answers</dt>
            <dd>{answers}</dd>
          </>
        )}
        {handshakes.length > 0 && (
          <>
            <dt>handshakes</dt>
            <dd>
              <Prose text={handshakes.join(' ')} />
            </dd>
          </>
        )}
      </dl>
      <h3>In the configuration</h3>
      {verify.length > 1 && <p class="muted small">One of these.</p>}
      {verify.map((line) => (
        <Copyable key={line} text={[line, ...lines].join('\n')} label="Copy the lines for the configuration" />
      ))}
      {provider.settings.length > 0 && (
        <dl class="facts">
          {provider.settings.map(({ name, meaning, need }) => (
            <Setting key={name} {...{ name, meaning, need }} />
          ))}
        </dl>
      )}
      {provider.send !== null && (
        <>
          <h3>Send one signed like it</h3>
          <Copyable text={provider.send.replace(/--to \S+/, `--to ${address}`)} label="Copy the command" />
          <p class="muted small">
            In a clone, <code>npm run -s hookbay send --</code> stands in place of <code>hookbay send</code>.
          </p>
        </>
      )}
    </div>
  );
}

const Setting = ({ name, meaning, need }: { name: string; meaning: string; need: string }) => (
  <>
    <dt>
      <code>{name}</code>
    </dt>
    <dd>
      {meaning} <span class="muted">({need})</span>
    </dd>
  </>
);
