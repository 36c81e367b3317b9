import { ReadableRequest, type RequestParts } from '../providers/readable.ts';

/** A request with its whole body, before anything is known about its sender. */
export class ReceivedRequest extends ReadableRequest {
  readonly route: string;
  /** Wall time, ms. */
  readonly receivedAt: number;
  readonly peer: string;

  constructor(fields: RequestParts & Pick<ReceivedRequest, 'route' | 'receivedAt' | 'peer'>) {
    super(fields);
    this.route = fields.route;
    this.receivedAt = fields.receivedAt;
    this.peer = fields.peer;
  }
}
