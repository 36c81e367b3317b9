import type { HandshakeAnswer, HandshakeStep } from './handshake.ts';
import type { Learning } from './learning.ts';
import type { Confirmation } from './ports.ts';
import type { RefusalCode } from './problems.ts';

/** How a handshake ends. */
export type HandshakeEnd =
  | { kind: 'answer'; answer: HandshakeAnswer }
  | { kind: 'refuse'; code: RefusalCode; explanation: string };

export interface HandshakeServices {
  learning: Learning;
  confirmation: Confirmation;
}

/**
 * Does what a handshake asks for, before it is answered: a secret is on disk, and a confirmation has been taken, when the
 * sender is told so. If either fails, the sender still owns it and comes again.
 */
export async function endHandshake(
  step: Exclude<HandshakeStep, { kind: 'none' }>,
  route: string,
  { learning, confirmation }: HandshakeServices,
): Promise<HandshakeEnd> {
  switch (step.kind) {
    case 'answer':
    case 'refuse':
      return step;
    case 'confirm': {
      const result = await confirmation.confirm(step.url);
      if (result.kind === 'confirmed') return { kind: 'answer', answer: step.answer };
      return { kind: 'refuse', code: 'confirmation_failed', explanation: `the confirmation was not taken: ${result.reason}` };
    }
    case 'learn':
      return endLearning(await learning.learn(route, step.secret), step.answer, route);
    default:
      return step satisfies never;
  }
}

function endLearning(result: Awaited<ReturnType<Learning['learn']>>, answer: HandshakeAnswer, route: string): HandshakeEnd {
  switch (result) {
    case 'learned':
    case 'known':
      return { kind: 'answer', answer };
    case 'not_armed': {
      const explanation = `a secret is handed over, but the route is not armed: run "hookbay arm ${route}", then have the provider send it again`;
      return { kind: 'refuse', code: 'verification_failed', explanation };
    }
    case 'not_stored':
      return { kind: 'refuse', code: 'storage_failing', explanation: 'the secret that was handed over could not be stored' };
    default:
      return result satisfies never;
  }
}
