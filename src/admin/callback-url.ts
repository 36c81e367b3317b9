import { type OutgoingUrlFault, outgoingAddressGuard, outgoingUrlFault } from '../config/outgoing-address.ts';
import { HookbayError } from '../domain/errors.ts';
import type { CallbackSettings } from './ports.ts';

const FAULTS: Record<OutgoingUrlFault, { message: string; hint: string }> = {
  not_http: { message: 'A callbackUrl is an http or https URL.', hint: 'For example https://app.example.com/hooks/tasks.' },
  credentials: {
    message: 'A callbackUrl may not hold a user or a password.',
    hint: 'What is posted is signed: check the signature instead.',
  },
  closed_address: {
    message: 'This callbackUrl leads to an address that is not public.',
    hint: 'Addresses given at run time may not reach the network of the relay, unless admin.callbackAllow has their range.',
  },
};

/**
 * The URL of a request that is to be told of a task's end, or null. Names are resolved, and their addresses judged, when it is called.
 * @throws HookbayError 422 `callback_not_configured`, `callback_refused`
 */
export function allowedCallback(url: string | undefined, { secrets, allow }: CallbackSettings): string | null {
  if (url === undefined) return null;
  if (secrets.length === 0) {
    const message = 'No callback can be signed: admin.callbackSecret is not configured.';
    const hint = 'Configure it, or leave callbackUrl out and ask GET /api/v1/tasks/{id}.';
    throw new HookbayError({ code: 'callback_not_configured', status: 422, message, hint });
  }
  const fault = URL.canParse(url) ? outgoingUrlFault(new URL(url), outgoingAddressGuard(allow)) : 'not_http';
  if (fault !== null) throw new HookbayError({ code: 'callback_refused', status: 422, ...FAULTS[fault] });
  return url;
}
