import express, { type RequestHandler, Router } from 'express';

/** Only its own files, and nothing inline: whatever an event holds, no script of it runs. */
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The build names files below `assets/` after their content. */
const FOREVER = 'public, max-age=31536000, immutable';

/** Serves the built dashboard. It holds no data: that comes through the API, with a token or a session. */
export function staticPage(folder: string): RequestHandler {
  const router = Router();
  router.use(
    express.static(folder, {
      index: 'index.html',
      redirect: false,
      dotfiles: 'ignore',
      cacheControl: false,
      setHeaders: (response, path) => {
        response.setHeader('content-security-policy', PAGE_POLICY);
        response.setHeader('cache-control', /[\\/]assets[\\/]/.test(path) ? FOREVER : 'no-cache');
      },
    }),
  );
  return router;
}
