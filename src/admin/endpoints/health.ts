import { z } from 'zod';
import { DOCS_POLICY, docsPage } from '../docs-page.ts';
import { type Endpoint, endpoint, json } from '../endpoint.ts';

const readiness = z.strictObject({ status: z.enum(['ready', 'unavailable']), reasons: z.array(z.string()).exactOptional() });

export const healthEndpoints: readonly Endpoint[] = [
  endpoint({
    method: 'get',
    path: '/healthz',
    summary: 'Whether the process is alive',
    access: 'open',
    answers: { 200: { description: 'It is', schema: z.strictObject({ status: z.literal('ok') }) } },
    handle: () => json({ status: 'ok' }),
  }),
  endpoint({
    method: 'get',
    path: '/readyz',
    summary: 'Whether webhooks are taken',
    access: 'open',
    answers: {
      200: { description: 'They are', schema: readiness },
      503: { description: 'They are not, and why', schema: readiness },
    },
    handle: ({ ports }) => {
      const { ready, reasons } = ports.readiness();
      return ready ? json({ status: 'ready' }) : json({ status: 'unavailable', reasons }, 503);
    },
  }),
  endpoint({
    method: 'get',
    path: '/metrics',
    summary: 'Metrics for Prometheus',
    access: 'token',
    answers: { 200: { description: 'The Prometheus text format', contentType: 'text/plain', schema: z.string() } },
    handle: async ({ ports }) => ({
      kind: 'raw',
      status: 200,
      body: await ports.metrics.metrics(),
      headers: { 'content-type': ports.metrics.contentType },
    }),
  }),
  endpoint({
    method: 'get',
    path: '/openapi.json',
    summary: 'This document',
    access: 'token',
    answers: { 200: { description: 'OpenAPI 3.1', schema: z.record(z.string(), z.unknown()) } },
    handle: ({ openapi }) => json(openapi),
  }),
  endpoint({
    method: 'get',
    path: '/docs',
    summary: 'The same as a page to read',
    access: 'open',
    answers: { 200: { description: 'HTML', contentType: 'text/html', schema: z.string() } },
    handle: ({ openapi }) => ({
      kind: 'raw',
      status: 200,
      body: docsPage(openapi),
      headers: { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': DOCS_POLICY },
    }),
  }),
];
