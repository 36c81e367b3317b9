/**
 * What a delivery's retry budget has spent of its duration, ms. It is written by failed attempts on targets with a duration
 * and by nobody else, so new rows leave it to the default.
 */
export const RETRY_DURATION = 'ALTER TABLE deliveries ADD COLUMN budget_spent_ms INTEGER NOT NULL DEFAULT 0;';
