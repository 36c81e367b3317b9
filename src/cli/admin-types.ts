import type { z } from 'zod';
import type * as shapes from '../admin/shapes.ts';

/** The admin API's answers, by the shapes that describe them there: times ISO 8601 UTC, durations ms, sizes bytes. */
type Answer<Name extends keyof typeof shapes> = (typeof shapes)[Name] extends infer Shape extends z.ZodType
  ? z.output<Shape>
  : never;

export interface Page<Item> {
  data: Item[];
  nextCursor: string | null;
}

type ListedEvent = Answer<'event'>;
/** An event wherever it stands; how many deliveries are in which status is told in lists only. */
export type EventItem = Omit<ListedEvent, 'statuses'> & Partial<Pick<ListedEvent, 'statuses'>>;
export type EventDetail = Answer<'eventDetail'>;
/** Headers and body where they were asked for and are not damaged. */
export type StreamedEvent = Answer<'fedEvent'>;
export type AttemptItem = Answer<'attempt'>;
/** A delivery wherever it stands; its attempts are in the answer for one delivery only. */
export type DeliveryItem = Answer<'delivery'> & Partial<Pick<Answer<'deliveryDetail'>, 'history'>>;
/** What became of a delivery, as the stream tells it. */
export type SettledItem = Pick<DeliveryItem, 'id' | 'eventId' | 'route' | 'target' | 'status'>;
export type StatsItem = Pick<Answer<'stats'>, 'at' | 'targets'>;
export type TargetItem = Answer<'target'>;
/** A route whose sender hands its secret over. */
export type LearningItem = Answer<'learningShown'>;
export type HandshakeItem = Answer<'handshake'>;
export type TaskItem = Answer<'task'>;
export type ReplayPreview = Answer<'replayPreview'>;
/** What a deletion did. */
export type DeletedItem = Answer<'deleted'>;
export type DeletionPreview = Answer<'deletionPreview'>;
export type RejectionItem = Answer<'rejection'>;
/** RFC 9457, with a stable code; of what is perhaps no relay at all. */
export type ProblemItem = Partial<Answer<'problem'>>;
export type AlertItem = Answer<'alert'>;
export type AlertTestItem = Answer<'alertTest'>;
