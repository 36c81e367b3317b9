import type { ProviderName } from '../presets.ts';
import type { AuthScheme, ProviderPreset, SecretName } from '../scheme.ts';
import { secretName, signsUrl } from '../sender.ts';

/** A key under `verify` that a provider needs or knows. */
export interface SettingWords {
  name: string;
  meaning: string;
  need: 'required' | 'this or another' | 'optional';
}

const SECRETS: Readonly<Record<SecretName, { meaning: string; variable: string }>> = {
  secret: { meaning: 'the secret that it signs with', variable: 'WEBHOOK_SECRET' },
  token: { meaning: 'the token that it sends along', variable: 'WEBHOOK_TOKEN' },
  hmac: { meaning: 'the secret that it signs with', variable: 'HMAC_SECRET' },
  publicKey: { meaning: 'the public key of the provider, which is no secret', variable: 'PUBLIC_KEY' },
  password: { meaning: 'the password that it sends along', variable: 'WEBHOOK_PASSWORD' },
};

/** @param isLearned whether the provider hands its secret over itself */
export function settingWords({ auth, params = {} }: ProviderPreset, isLearned: boolean): SettingWords[] {
  const secrets = auth.flatMap((scheme): SettingWords[] => {
    const name = secretName(scheme);
    return name === null
      ? []
      : [
          {
            name,
            meaning: `${SECRETS[name].meaning}; in a list, any matches`,
            need: isLearned ? 'optional' : auth.length === 1 ? 'required' : 'this or another',
          },
        ];
  });
  const others = Object.entries(params).map(([name, { description, required }]) => ({
    name,
    meaning: description,
    need: required ? ('required' as const) : ('optional' as const),
  }));
  return [...secrets, ...others];
}

/** The variable that examples take a secret from, for example `STRIPE_WEBHOOK_SECRET`. */
function variableOf(provider: ProviderName, secret: SecretName): string {
  return `${provider.toUpperCase().replaceAll('-', '_')}_${SECRETS[secret].variable}`;
}

/** The `verify:` lines to paste, one for each way to verify; they load as they stand once their variables are set. */
export function verifyLines(provider: ProviderName, preset: ProviderPreset): string[] {
  return preset.auth.map((scheme) => {
    const name = secretName(scheme);
    const keys = [
      `provider: ${provider}`,
      ...paramsFor(scheme, preset).map(([param, example]) => `${param}: ${quoted(example)}`),
      ...(name === null ? [] : [`${name}: "\${${variableOf(provider, name)}}"`]),
    ];
    return `verify: { ${keys.join(', ')} }`;
  });
}

/** The user's name goes with the password only. */
function paramsFor(scheme: AuthScheme, { params = {} }: ProviderPreset): [name: string, example: string][] {
  return Object.entries(params)
    .filter(([name]) => name !== 'username' || scheme.kind === 'basic')
    .map(([name, { example }]) => [name, example]);
}

const quoted = (text: string): string => (/^[A-Za-z][A-Za-z0-9-]*$/.test(text) ? text : JSON.stringify(text));

/** The command that sends a test event signed like the provider, to a relay on this machine. */
export function sendCommand(provider: ProviderName, preset: ProviderPreset): string {
  const [scheme] = preset.auth;
  const name = secretName(scheme);
  return [
    `hookbay send --provider ${provider}`,
    `--to http://127.0.0.1:8080/webhooks/${provider}`,
    ...(name === null ? [] : [`--secret "$${variableOf(provider, name)}"`]),
    ...paramsFor(scheme, preset).map(([param, example]) => `--param ${param}=${example}`),
    ...(preset.auth.some(signsUrl) ? ['--public-url https://hooks.example.com'] : []),
  ].join(' ');
}
