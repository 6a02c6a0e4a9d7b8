import { Message, MessageAttempt } from './message.entity.js';
import { CreateCommunication1760000000000 } from './migrations/1760000000000-create-communication.js';
import { Template } from './template.entity.js';

export type { Channel, MessageStatus } from './message.entity.js';
export { Message, MessageAttempt, Template };

/** The entities of a tenant's schema. */
export const communicationEntities = [Message, MessageAttempt, Template];

/** The migrations of a tenant's schema, the first one first. */
export const communicationMigrations = [CreateCommunication1760000000000];
export { secretSettings } from './secret-settings.js';
