import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import type { EdgeConfig } from '../../src/config/types.ts';
import { applied } from '../../src/deliver/rules/apply.ts';
import { evaluate } from '../../src/deliver/rules/evaluate.ts';
import { deliveryOf, eventWith } from '../support/rules.ts';

const page = readFileSync(new URL('../../docs/rules.md', import.meta.url), 'utf8');
const blocks = [...page.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, language = '', text = '']) => ({
  language,
  text: text.trim(),
}));

const indent = (text: string, by: string): string => text.split('\n').join(`\n${by}`);

/** Keys of an entry of `deliver`, or all of it. */
function edgeOf(yaml: string): EdgeConfig {
  const deliver = yaml.startsWith('deliver:')
    ? indent(yaml, '    ')
    : `deliver:\n      - target: billing\n        ${indent(yaml, '        ')}`;
  const verify = '{ provider: knowledgesdk, token: knowledgesdk-token }';
  const text = `targets: { billing: { url: http://app/ } }\nroutes:\n  orders:\n    path: /in\n    verify: ${verify}\n    ${deliver}\n`;
  const result = loadConfig(text, { file: null, env: {} });
  if (!result.ok) throw new Error(JSON.stringify(result.faults));
  const edge = result.config.routes.get('orders')?.deliver[0];
  if (edge === undefined) throw new Error(`no edge in ${yaml}`);
  return edge;
}

async function outcome(yaml: string, payload: string): Promise<string> {
  const { rules } = edgeOf(yaml);
  if (rules === undefined) throw new Error('no rules');
  const delivery = deliveryOf(eventWith(JSON.parse(payload)));
  const { filter, transform } = rules;
  const verdict = await evaluate({ expressions: { filter, ...transform }, event: delivery.event }, () => undefined);
  if (verdict.kind !== 'passes') return verdict.kind;
  return verdict.body === null ? 'delivered' : applied(delivery, rules, verdict).event.body.toString();
}

describe('docs/rules.md', () => {
  const yamls = blocks.flatMap((block, i) => (block.language === 'yaml' ? [i] : []));
  const examples = yamls.flatMap((i, nth) => {
    const pairs = blocks.slice(i + 1, yamls[nth + 1] ?? blocks.length);
    return pairs.flatMap((body, at) => (body.language === 'json' && at % 2 === 0 ? [[blocks[i], body, pairs[at + 1]]] : []));
  });

  test('has examples', () => expect([yamls.length, examples.length]).toEqual([9, 8]));

  test.each(yamls.map((i) => blocks[i]?.text ?? ''))('this is a configuration: %.60s', (yaml) => {
    expect(edgeOf(yaml).target).toBe('billing');
  });

  test.each(examples)('$text', async (rule, body, goes) => {
    const sent = await outcome(rule?.text ?? '', body?.text ?? '');
    expect(goes?.language === 'json' ? JSON.parse(sent) : sent).toEqual(
      goes?.language === 'json' ? JSON.parse(goes.text) : goes?.text,
    );
  });
});
