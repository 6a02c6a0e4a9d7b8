import type { Job } from 'bullmq';

/**
 * What a job carries: ids alone. Whose tenant's message it is never changes; whether the tenant is active, and what its
 * settings are, is looked up when the job runs.
 */
export interface MessageJobData {
  readonly tenantId: string;
  readonly messageId: string;
}

export type MessageJob = Job<MessageJobData, void, 'send'>;

export const QUEUE_NAME = 'messages';

/** The same message is the same job: adding it again changes nothing. */
export function jobIdOf({ tenantId, messageId }: MessageJobData): string {
  // An id of a message has one length, so that no two pairs are one text.
  return `${messageId}.${tenantId}`;
}
