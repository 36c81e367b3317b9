import type { AlertNotice } from '../../domain/alert-book.ts';

/** `test` is sent by an operator to see whether alerts arrive. */
export type Notice = Omit<AlertNotice, 'kind'> & { kind: AlertNotice['kind'] | 'test' };

/** What the format `json` posts. Documented in docs/alerts.md and stable: fields may be added, none changes its meaning. */
export interface AlertPayload {
  id: string;
  kind: Notice['kind'];
  state: 'firing' | 'resolved';
  key: string;
  target?: string;
  route?: string;
  summary: string;
  detail: Readonly<Record<string, string | number | null>>;
  /** ISO 8601, UTC. */
  at: string;
  since: string;
  /** Which relay says so: its `publicUrl`, or a name made from its database. */
  relay: string;
}

const iso = (ms: number): string => new Date(ms).toISOString();

export function alertPayload(notice: Notice, relay: string): AlertPayload {
  const { id, kind, state, key, target, route, summary, detail, at, since } = notice;
  return {
    ...{ id, kind, state, key },
    ...(target === null ? {} : { target }),
    ...(route === null ? {} : { route }),
    ...{ summary, detail, at: iso(at), since: iso(since), relay },
  };
}
