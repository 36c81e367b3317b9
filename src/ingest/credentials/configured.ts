import { isConfigured, type Sender, type SenderCredential } from '../../providers/sender.ts';
import type { Credential } from './credential.ts';
import { hmacCredential } from './hmac.ts';
import { publicKeyCredential } from './public-key.ts';
import { snsCredential } from './sns.ts';
import { basicCredential, tokenCredential } from './token.ts';

/**
 * The credentials that a route has configured, in the order of the preset.
 * @throws HookbayError for a scheme, a secret or a parameter that is not what it has to be; loading should have found it
 */
export function configuredCredentials(sender: Sender): Credential[] {
  return sender.credentials.filter(isConfigured).map((credential) => prepare(credential, sender));
}

function prepare({ scheme, secrets }: SenderCredential, sender: Sender): Credential {
  switch (scheme.kind) {
    case 'token':
      return tokenCredential(scheme, secrets, sender.params);
    case 'basic':
      return basicCredential(secrets, sender.params);
    case 'hmac':
      return hmacCredential(scheme, secrets, sender);
    case 'pubkey':
      return publicKeyCredential(scheme, secrets, sender);
    case 'sns':
      return snsCredential(scheme, sender);
    default:
      return scheme satisfies never;
  }
}
