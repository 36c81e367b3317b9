import { type FileTarget, targetAt } from './resolve-target.ts';
import type { FileConfig } from './schema.ts';
import type { EdgeConfig, ProxyConfig } from './types.ts';
import { looksLikeUrl } from './urls.ts';

type FileRoute = FileConfig['routes'][string];

interface Edge {
  /** A name or a URL. */
  reference: string;
  events: readonly string[] | null;
  answers: boolean;
}

function edgesOf(deliver: FileRoute['deliver']): Edge[] {
  return (Array.isArray(deliver) ? deliver : [deliver]).map((entry) =>
    typeof entry === 'string'
      ? { reference: entry, events: null, answers: false }
      : { reference: entry.target, events: entry.events ?? null, answers: entry.answers ?? false },
  );
}

/** Whose answer the sender gets; null in queue mode. */
export function resolveProxy(name: string, { mode, deadline, deliver }: FileRoute): ProxyConfig | null {
  const edges = edgesOf(deliver);
  const [only] = edges;
  const answering = edges.find(({ answers }) => answers) ?? only;
  if (mode === 'queue' || answering === undefined) return null;
  return { target: targetName(name, answering), deadlineMs: deadline };
}

function targetName(route: string, { reference }: Edge): string {
  return looksLikeUrl(reference) ? route : reference;
}

/** Where the events of a route go. */
export function resolveDeliver(name: string, { deliver }: FileRoute): EdgeConfig[] {
  return edgesOf(deliver).map((edge) => ({ target: targetName(name, edge), events: edge.events }));
}

/** A URL in `deliver` makes a target with all defaults, named after its route. */
export function inlineTargets(routes: FileConfig['routes']): [string, FileTarget][] {
  return Object.entries(routes).flatMap(([name, route]) =>
    edgesOf(route.deliver)
      .filter(({ reference }) => looksLikeUrl(reference))
      .map(({ reference }): [string, FileTarget] => [name, targetAt(reference)]),
  );
}
