import { HookbayError } from '../../domain/errors.ts';
import { type Endpoint, endpoint } from '../endpoint.ts';
import { loginBody } from '../requests.ts';

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
      const cookie = session.login(body.token, peer);
      if (cookie === null)
        throw new HookbayError({ code: 'unauthorized', status: 401, message: 'This token is not known here.' });
      return { kind: 'empty', status: 204, headers: { 'set-cookie': cookie } };
    },
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
