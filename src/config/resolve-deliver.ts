import { resolveRules } from './resolve-rules.ts';
import { type FileTarget, targetAt } from './resolve-target.ts';
import type { FileConfig } from './schema.ts';
import type { EdgeConfig, ProxyConfig } from './types.ts';
import { looksLikeUrl } from './urls.ts';

type FileRoute = FileConfig['routes'][string];
type FileEdge = Extract<Extract<FileRoute['deliver'], readonly unknown[]>[number], object>;

interface Edge {
  /** A name or a URL. */
  reference: string;
  events: readonly string[] | null;
  answers: boolean;
  /** Null for an entry that is only a reference. */
  written: FileEdge | null;
}

function edgesOf(deliver: FileRoute['deliver']): Edge[] {
  return (Array.isArray(deliver) ? deliver : [deliver]).map((entry) =>
    typeof entry === 'string'
      ? { reference: entry, events: null, answers: false, written: null }
      : { reference: entry.target, events: entry.events ?? null, answers: entry.answers ?? false, written: entry },
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
  return edgesOf(deliver).map((edge) => {
    const rules = edge.written === null ? null : resolveRules(edge.written);
    const delay = edge.written?.delay;
    return {
      target: targetName(name, edge),
      events: edge.events,
      ...(delay === undefined ? {} : { delayMs: delay }),
      ...(rules === null ? {} : { rules }),
    };
  });
}

/** A URL in `deliver` makes a target with all defaults, named after its route. */
export function inlineTargets(routes: FileConfig['routes']): [string, FileTarget][] {
  return Object.entries(routes).flatMap(([name, route]) =>
    edgesOf(route.deliver)
      .filter(({ reference }) => looksLikeUrl(reference))
      .map(({ reference }): [string, FileTarget] => [name, targetAt(reference)]),
  );
}
