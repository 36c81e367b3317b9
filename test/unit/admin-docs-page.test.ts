import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { DOCS_POLICY, docsPage } from '../../src/admin/docs-page.ts';
import { endpoints } from '../../src/admin/endpoints/all.ts';
import { openApiDocument } from '../../src/admin/openapi.ts';

const page = docsPage(openApiDocument('1.2.3'));

describe('the page about the API', () => {
  it('has every operation once, and a place for each link', () => {
    for (const { method, path } of endpoints) {
      const heading = `>${method.toUpperCase()} ${path}</h3>`;
      expect(page.split(heading).length - 1).toBe(1);
    }
    const ids = new Set([...page.matchAll(/id="([^"]+)"/g)].map(([, id]) => id));
    for (const [, target] of page.matchAll(/href="#([^"]+)"/g)) expect(ids).toContain(target);
    expect(page).not.toContain('undefined');
  });

  it('allows its own style and nothing else', () => {
    const style = /<style>(.*)<\/style>/s.exec(page)?.[1] ?? '';
    expect(DOCS_POLICY).toContain(`'sha256-${createHash('sha256').update(style).digest('base64')}'`);
    expect(DOCS_POLICY).not.toContain('script');
    expect(page).not.toMatch(/<script|\son\w+=|javascript:/i);
  });

  it('shows whatever a description holds as text', () => {
    const document = { info: { title: '<b>&"', version: '1' }, paths: {}, components: { schemas: {} } };
    expect(docsPage(document)).toContain('<h1>&lt;b&gt;&amp;&quot;</h1>');
  });
});
