import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { TokenSet } from '../../src/admin/access.ts';
import { createApp } from '../../src/admin/app.ts';
import { endpoints } from '../../src/admin/endpoints/all.ts';
import { openApiDocument } from '../../src/admin/openapi.ts';
import { Sessions } from '../../src/admin/sessions.ts';
import { systemClock } from '../../src/domain/clock.ts';
import { redactions } from '../../src/domain/redaction.ts';
import { adminPorts } from '../support/admin-rig.ts';

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const { version } = JSON.parse(read('package.json')) as { version: string };

interface Document {
  openapi: string;
  paths: Record<string, Record<string, { operationId: string; parameters: { name: string }[]; responses: object }>>;
  components: Record<string, Record<string, object>>;
}
const document = openApiDocument(version) as Document;

const NOTHING = { headers: [], body: [] };

describe('the OpenAPI document', () => {
  it('is current in docs/ (`npx vitest run test/unit/admin-openapi.test.ts --update` writes it)', async () => {
    await expect(`${JSON.stringify(document, null, 2)}\n`).toMatchFileSnapshot('../../docs/openapi.json');
  });

  it('has every route that the app has', () => {
    const settings = {
      tokens: [],
      routes: [],
      attempts: new Map(),
      callbacks: { secrets: [], allow: [] },
      redactions: redactions(new Map(), NOTHING),
      encrypted: false,
      shownConfig: {},
    };
    const log = () => undefined;
    const app = createApp({
      ...{ ports: adminPorts(), sessions: new Sessions(systemClock), openapi: document, page: null, now: () => 0 },
      logger: { debug: log, info: log, warn: log, error: log },
      current: () => ({ settings, tokens: new TokenSet([]) }),
    });
    const mounted = new Set<string>();
    for (const { route } of app.router.stack) {
      if (route === undefined) continue;
      const methods = new Set(route.stack.map(({ method }) => method));
      // The answer to every other method stands on all of them.
      if (methods.size > 1) continue;
      for (const method of methods) mounted.add(`${method} ${route.path.replaceAll(/:(\w+)/g, '{$1}')}`);
    }
    const documented = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
    expect(documented.toSorted()).toEqual([...mounted].toSorted());
    expect(documented).toHaveLength(endpoints.length);
  });

  it('refers only to schemas that it has', () => {
    expect(document.openapi).toBe('3.1.0');
    const text = JSON.stringify(document);
    const names = new Set([...text.matchAll(/"\$ref":"([^"]+)"/g)].map((match) => match[1]));
    expect(names.size).toBeGreaterThan(8);
    for (const name of names) {
      const [, , kind, key] = name?.split('/') ?? [];
      expect(document.components[kind ?? '']).toHaveProperty(key ?? '');
    }
    expect(text).not.toContain('$defs');
  });

  it('names each operation once', () => {
    const ids = Object.values(document.paths).flatMap((methods) => Object.values(methods).map((one) => one.operationId));
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toContain('getEventsIdBody');
  });
});
