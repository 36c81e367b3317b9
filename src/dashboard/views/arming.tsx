import { useState } from 'preact/hooks';
import { del, get, post } from '../api/client.ts';
import type { Handshake, Route } from '../api/types.ts';
import { Action } from '../parts/action.tsx';
import { Copyable, Time } from '../parts/shown.tsx';

interface ArmingProps {
  route: Route;
  handshake: Handshake;
  onChange: () => void;
}

/** For a provider that hands its secret over: lets the next one in for ten minutes. */
export function Arming({ route: { name, provider }, handshake: { armedUntil, learnedAt, hasSecret }, onChange }: ArmingProps) {
  const path = `routes/${encodeURIComponent(name)}/arm`;
  const arm = async (): Promise<string> => {
    await post(path);
    onChange();
    return `${name} takes the secret that comes next.`;
  };
  const disarm = async (): Promise<string> => {
    await del(path);
    onChange();
    return `${name} takes no secret any more.`;
  };
  return (
    <section aria-labelledby="arming">
      <h2 id="arming">The secret that {provider} hands over</h2>
      <div class="card">
        <div class="row between">
          <p>
            {armedUntil !== null ? (
              <>
                <b>
                  Armed until <Time at={armedUntil} />
                </b>
                : a secret that comes is taken. Set the webhook up at {provider} now.
              </>
            ) : hasSecret ? (
              'A secret was learned. Arm the route to take another one.'
            ) : (
              'No secret is known yet: arm the route, then set the webhook up at the provider.'
            )}
          </p>
          {armedUntil === null ? (
            <Action
              tone={hasSecret ? 'plain' : 'main'}
              label={`Arm ${name}`}
              run={arm}
              ask={{
                title: `Arm ${name}?`,
                text: 'For ten minutes the secret that a sender hands over next is taken as the secret of this route, whoever sends it.',
              }}
            >
              Arm for 10 minutes
            </Action>
          ) : (
            <Action label={`Disarm ${name}`} run={disarm}>
              Disarm
            </Action>
          )}
        </div>
        {learnedAt !== null && (
          <p class="muted small">
            Learned at <Time at={learnedAt} />
          </p>
        )}
        {hasSecret && provider === 'notion' && <VerificationToken route={name} />}
      </div>
    </section>
  );
}

/** Asked for by hand, because it is a secret and asking is written down. */
function VerificationToken({ route }: { route: string }) {
  const [token, setToken] = useState<string | null>(null);
  const show = async (): Promise<string> => {
    const { verificationToken } = await get<{ verificationToken: string | null }>(
      `routes/${encodeURIComponent(route)}/handshake`,
    );
    if (verificationToken === null) throw new Error('It is shown for an hour after it came, and that is over.');
    setToken(verificationToken);
    return 'Type it into the page of the provider.';
  };
  return token === null ? (
    <Action run={show}>Show the verification token</Action>
  ) : (
    <Copyable text={token} label="Copy the token" />
  );
}
