import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { SHIPPED_FLAGS } from '../support/shipped-flags.ts';

const text = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const asTyped = SHIPPED_FLAGS.join(' ');

test('Node gets the same flags however the relay is started, and they are documented', () => {
  expect(SHIPPED_FLAGS.length).toBeGreaterThan(0);
  expect(text('package.json')).toContain(`"hookbay": "exec node ${asTyped} dist/main.js"`);
  expect(text('src/main.ts').split('\n')[0]).toBe(`#!/usr/bin/env -S node ${asTyped}`);
  expect(text('Dockerfile')).toContain(`ENTRYPOINT ["node", ${SHIPPED_FLAGS.map((flag) => `"${flag}"`).join(', ')}, `);
  expect(text('docs/operations.md')).toContain(`node ${asTyped} /opt`);
  for (const flag of SHIPPED_FLAGS) expect(text('docs/operations.md')).toContain(`| \`${flag}\` |`);
});
