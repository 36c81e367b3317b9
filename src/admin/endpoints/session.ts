import { HookbayError } from '../../domain/errors.ts';
import { type Endpoint, endpoint, json } from '../endpoint.ts';
import { loginBody } from '../requests.ts';
import * as shapes from '../shapes.ts';

export const sessionEndpoints: readonly Endpoint[] = [
  endpoint({
    method: 'post',
    path: '/api/v1/session',
    summary: 'Log in with a token: sets a cookie that stands for it',
    access: 'login',
    body: loginBody,
    answers: { 204: { description: 'Logged in' } },
    problems: [429],
    handle: ({ body, peer, session }) => {
      const opened = session.login(body.token, peer);
      if (opened === null)
        throw new HookbayError({ code: 'unauthorized', status: 401, message: 'This token is not known here.' });
      return { kind: 'empty', status: 204, headers: { 'set-cookie': opened.cookie }, who: opened.who };
    },
  }),
  endpoint({
    method: 'get',
    path: '/api/v1/session',
    summary: 'Whose token or session this is, and what it may do',
    access: 'token',
    answers: { 200: { description: 'Name and role', schema: shapes.identity } },
    handle: ({ who }) => json({ name: who?.name ?? '', role: who?.role ?? 'viewer' }),
  }),
  endpoint({
    method: 'delete',
    path: '/api/v1/session',
    summary: 'Log out',
    access: 'login',
    answers: { 204: { description: 'Logged out' } },
    handle: ({ cookie, session }) => ({ kind: 'empty', status: 204, headers: { 'set-cookie': session.logout(cookie) } }),
  }),
];
