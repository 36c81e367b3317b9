/** What somebody did through the admin API. */
export interface NewAuditEntry {
  /** Wall time, ms. */
  at: number;
  /** Name of the token. */
  actor: string;
  peer: string;
  /** Method and path, for example `POST /api/v1/deliveries/{id}/retry`. */
  action: string;
  /** The id or name in the path, or null. */
  subject: string | null;
  /** What was answered. */
  status: number;
  /** The request's body as JSON, cut; empty when there was none. */
  detail: string;
}
