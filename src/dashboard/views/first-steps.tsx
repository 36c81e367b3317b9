import type { Route } from '../api/types.ts';
import { Copyable } from '../parts/shown.tsx';
import { TestEvent } from '../parts/test-event.tsx';
import { curlLine, needsToken, takesCurl } from '../words/curl.ts';

interface FirstStepsProps {
  route: Route | undefined;
  base: string;
  /** After a test event; where the place looks often by itself it is left out. */
  onChange?: () => void;
}

/** For a relay that nothing has arrived at. */
export function FirstSteps({ route, base, onChange = () => {} }: FirstStepsProps) {
  if (route === undefined) return <p class="empty">No route is configured, so nothing can arrive.</p>;
  return (
    <section class="empty" aria-labelledby="first">
      <div class="row between">
        <h2 id="first">Nothing has arrived yet</h2>
        <TestEvent route={route} onChange={onChange} tone="main" label="Send a test event" />
      </div>
      {takesCurl(route) ? <Line route={route} base={base} /> : <SignedOnly route={route} base={base} />}
    </section>
  );
}

/** Curl cannot sign like the provider. */
const SignedOnly = ({ route: { path, provider }, base }: { route: Route; base: string }) => (
  <p>
    Senders reach it at <code>{base + path}</code>, signed as {provider} does it. The test event is signed like that.
  </p>
);

function Line({ route, base }: { route: Route; base: string }) {
  return (
    <>
      <p>
        Send something to <code>{base + route.path}</code> and it shows up here within two seconds.
        {needsToken(route) && (
          <>
            {' '}
            <code>$TOKEN</code> stands for the token of route <b>{route.name}</b>.
          </>
        )}
      </p>
      <Copyable text={curlLine(route, base)} label="Copy the curl command" />
    </>
  );
}
