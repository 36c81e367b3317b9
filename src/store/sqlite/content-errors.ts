import { HookbayError } from '../../domain/errors.ts';

/** 410 where the content went before its event. */
export function bodyGone(id: string): HookbayError {
  return new HookbayError({
    code: 'body_gone',
    status: 410,
    message: `The body of ${id} is not kept any more`,
    hint: 'storage.retention.bodies is over for it. The event and its deliveries are still there to be looked at.',
  });
}

export function damaged(): HookbayError {
  return new HookbayError({
    code: 'event_damaged',
    status: 500,
    message: 'What is stored of this event is not what was accepted',
    hint: 'The file was damaged below the relay. Ask the provider to send the event again, and check the disk.',
  });
}

export function keyMissing(keyId: string): HookbayError {
  return new HookbayError({
    code: 'key_missing',
    status: 409,
    message: `The event is encrypted under the key ${keyId}, which is not configured`,
    hint: `Put ${keyId} back into storage.encryption.keys and restart.`,
  });
}
