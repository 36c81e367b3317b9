import { z } from 'zod';
import { HookbayError } from '../../domain/errors.ts';
import { learnsSecret, showsSecret } from '../../providers/handshakes.ts';
import { type Context, type Endpoint, endpoint, json } from '../endpoint.ts';
import type { RouteView } from '../ports.ts';
import { learningJson, routeJson } from '../present.ts';
import { missing } from '../problem.ts';
import { armBody, testBody } from '../requests.ts';
import * as shapes from '../shapes.ts';

/** @throws HookbayError 404 without such a route, 409 when its provider hands no secret over */
function learningRoute(name: string, { settings }: Pick<Context, 'settings'>): RouteView {
  const route = settings.routes.find((each) => each.name === name);
  if (route === undefined) throw missing('route', name);
  if (learnsSecret(route.provider)) return route;
  throw new HookbayError({
    code: 'nothing_to_learn',
    status: 409,
    message: `The provider of the route ${name} (${route.provider}) does not hand a secret over.`,
    hint: 'Put its secret into the configuration, under `verify`.',
  });
}

export const routeEndpoints: readonly Endpoint[] = [
  endpoint({
    method: 'get',
    path: '/api/v1/routes',
    summary: 'All routes, without their credentials',
    access: 'token',
    answers: {
      200: { description: 'All of them', schema: z.strictObject({ data: z.array(shapes.route), nextCursor: z.null() }) },
    },
    handle: (call) => json({ data: call.settings.routes.map((route) => routeJson(route, call)), nextCursor: null }),
  }),
  endpoint({
    method: 'post',
    path: '/api/v1/routes/{name}/test',
    summary: 'Send a signed test event through the real ingest',
    access: 'token',
    body: testBody,
    answers: { 200: { description: 'What the route answered', schema: shapes.testAnswer } },
    problems: [404, 422],
    handle: async ({ id, body, ports }) => {
      const answer = await ports.test.send(id, { type: body.type ?? null, payload: body.payload ?? null });
      if (answer.kind === 'missing') throw missing('route', id);
      return json({ statusCode: answer.statusCode, eventId: answer.eventId, code: answer.code });
    },
  }),
  endpoint({
    method: 'post',
    path: '/api/v1/routes/{name}/arm',
    summary: 'Take the secret that the sender hands over next, for a while; again makes it longer, 0 minutes ends it',
    access: 'token',
    body: armBody,
    answers: { 200: { description: 'Until when', schema: shapes.learningShown } },
    problems: [404, 409],
    handle: (call) => {
      const { name } = learningRoute(call.id, call);
      const { learning } = call.ports;
      if (call.body.minutes === 0) learning.disarm(name);
      else learning.arm(name, call.body.minutes * 60_000);
      return json(learningJson(learning.view(name)));
    },
  }),
  endpoint({
    method: 'delete',
    path: '/api/v1/routes/{name}/arm',
    summary: 'Take no secret any more; what was learned stays',
    access: 'token',
    answers: { 204: { description: 'It is disarmed' } },
    problems: [404, 409],
    handle: (call) => {
      call.ports.learning.disarm(learningRoute(call.id, call).name);
      return { kind: 'empty', status: 204 };
    },
  }),
  endpoint({
    method: 'get',
    path: '/api/v1/routes/{name}/handshake',
    summary: "What was learned from the sender, with the token to be typed into the provider's page",
    access: 'operator',
    answers: { 200: { description: 'The state', schema: shapes.handshake } },
    problems: [404, 409],
    handle: (call) => {
      const { name, provider } = learningRoute(call.id, call);
      const { learning } = call.ports;
      const verificationToken = showsSecret(provider) ? learning.recentSecret(name) : null;
      return json({ ...learningJson(learning.view(name)), verificationToken });
    },
  }),
  endpoint({
    method: 'delete',
    path: '/api/v1/routes/{name}/handshake',
    summary: 'Forget every secret that was learned from the sender',
    access: 'operator',
    answers: { 204: { description: 'They are forgotten' } },
    problems: [404, 409],
    handle: async (call) => {
      await call.ports.learning.forget(learningRoute(call.id, call).name);
      return { kind: 'empty', status: 204 };
    },
  }),
];
