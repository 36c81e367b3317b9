import type { TargetedSubmitEvent } from 'preact';
import { useState } from 'preact/hooks';
import { signIn, wordsOf } from '../api/client.ts';

/** Asks for the admin token. It is exchanged for a session and kept nowhere. */
export function Login({ onSignedIn }: { onSignedIn: () => void }) {
  const [trouble, setTrouble] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const submit = async (event: TargetedSubmitEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const token = new FormData(event.currentTarget).get('token');
    setBusy(true);
    setTrouble(null);
    try {
      await signIn(String(token).trim());
      onSignedIn();
    } catch (error) {
      setTrouble(wordsOf(error));
      setBusy(false);
    }
  };
  return (
    <section class="login card" aria-labelledby="login-title">
      <h1 id="login-title">Sign in</h1>
      <p>
        This relay's private side needs its admin token: <code>admin.token</code> in the configuration.
      </p>
      <form onSubmit={submit}>
        <label>
          Admin token
          <input type="password" name="token" required autocomplete="current-password" spellcheck={false} />
        </label>
        <div role="alert">{trouble !== null && <p class="trouble">{trouble}</p>}</div>
        <button type="submit" class="main" disabled={isBusy}>
          Sign in
        </button>
      </form>
    </section>
  );
}
