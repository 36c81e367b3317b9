/** What the actions of the API are called, for people. */
const ACTIONS: Record<string, string> = {
  'POST /api/v1/events/{id}/replay': 'replayed an event',
  'DELETE /api/v1/events/{id}': 'deleted an event',
  'POST /api/v1/deliveries/{id}/retry': 'retried a delivery',
  'POST /api/v1/deliveries/{id}/cancel': 'cancelled a delivery',
  'POST /api/v1/deliveries/{id}/release': 'released a held delivery',
  'POST /api/v1/deliveries/{id}/discard': 'discarded a delivery',
  'POST /api/v1/replays': 'started a bulk replay',
  'POST /api/v1/deletions': 'deleted events',
  'POST /api/v1/exports': 'started an export',
  'POST /api/v1/tasks/{id}/cancel': 'stopped a task',
  'POST /api/v1/targets/{name}/pause': 'paused a target',
  'POST /api/v1/targets/{name}/resume': 'resumed a target',
  'POST /api/v1/routes/{name}/test': 'sent a test event',
  'POST /api/v1/routes/{name}/arm': 'armed a route',
  'DELETE /api/v1/routes/{name}/arm': 'disarmed a route',
  'GET /api/v1/routes/{name}/handshake': 'asked for a learned secret',
  'DELETE /api/v1/routes/{name}/handshake': 'forgot what a route had learned',
  'POST /api/v1/reload': 'reloaded the configuration',
  'POST /api/v1/backup': 'made a backup',
  'POST /api/v1/alerts/test': 'sent a test alert',
  'GET /api/v1/events/{id}/body': 'read a masked body as it came',
  'GET /api/v1/stream': 'followed masked bodies as they came',
  'POST /api/v1/session': 'signed in',
  'DELETE /api/v1/session': 'signed out',
};

/** With `dryRun`: nothing was changed. */
const COUNTED: Record<string, string> = {
  'POST /api/v1/replays': 'counted deliveries for a bulk replay',
  'POST /api/v1/deletions': 'counted events for a deletion',
};

/** An action that is not known here is shown as it is. @param detail what it was asked with: JSON, of which the end may be cut off */
export function actionWords(action: string, detail = ''): string {
  const known = detail.includes('"dryRun":true') ? (COUNTED[action] ?? ACTIONS[action]) : ACTIONS[action];
  return known ?? action;
}

/** How it went, where it did not go through. */
export function outcomeWords(status: number): string {
  if (status < 400) return '';
  if (status === 403) return 'refused for the role';
  return status < 500 ? `refused (${status})` : `failed (${status})`;
}
