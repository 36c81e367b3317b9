import { isProviderName } from '../../providers/presets.ts';
import { describeProvider } from '../../providers/words/description.ts';
import { type Endpoint, endpoint, json } from '../endpoint.ts';
import { missing } from '../problem.ts';
import { provider } from '../provider-shape.ts';

export const providerEndpoints: readonly Endpoint[] = [
  endpoint({
    method: 'get',
    path: '/api/v1/providers/{name}',
    summary: 'How a provider verifies, and how to set it up, in words',
    access: 'token',
    answers: { 200: { description: 'The provider', schema: provider } },
    problems: [404],
    handle: ({ id }) => {
      if (!isProviderName(id)) throw missing('provider', id);
      return json(describeProvider(id));
    },
  }),
];
