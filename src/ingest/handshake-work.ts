import type { Logger } from '../domain/logger.ts';
import type { CappedLog } from './capped-log.ts';
import type { HandshakeAnswer, HandshakeStep } from './handshake.ts';
import type { Learning } from './learning.ts';
import type { Confirmation, IngestObserver } from './ports.ts';
import type { RefusalCode } from './problems.ts';
import type { ReceivedRequest } from './received.ts';

/** How a handshake ends. */
export type HandshakeEnd =
  | { kind: 'answer'; answer: HandshakeAnswer }
  | { kind: 'refuse'; code: RefusalCode; explanation: string };

type Step = Exclude<HandshakeStep, { kind: 'none' }>;

export interface HandshakeParts {
  learning: Learning;
  confirmation: Confirmation;
  observer: IngestObserver;
  /** Handshakes that were answered. */
  answered: CappedLog;
  logger: Logger;
}

/**
 * Does what a handshake asks for, before it is answered: a secret is on disk, and a confirmation has been taken, when the
 * sender is told so. If either fails, the sender still owns it and comes again.
 */
export class HandshakeWork {
  readonly #parts: HandshakeParts;

  constructor(parts: HandshakeParts) {
    this.#parts = parts;
  }

  /** Never rejects. */
  async end(step: Step, { route, method, peer }: ReceivedRequest): Promise<HandshakeEnd> {
    const { observer, answered, logger } = this.#parts;
    try {
      const end = await this.#end(step, route);
      if (end.kind === 'answer') {
        observer.handshake(route);
        answered.info({ route, kind: step.kind, method, peer });
      }
      return end;
    } catch (error) {
      logger.error({ err: error, route }, 'handshake_failed');
      return { kind: 'refuse', code: 'internal_error', explanation: 'the relay failed on this request; its log has the error' };
    }
  }

  async #end(step: Step, route: string): Promise<HandshakeEnd> {
    const { learning, confirmation } = this.#parts;
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
