import type { Relation } from 'typeorm';
import { Column, CreateDateColumn, Entity, JoinColumn, ManyToOne, PrimaryGeneratedColumn } from 'typeorm';
import { Message } from './message.entity.js';

/** One try to send a message. */
@Entity('message_attempts')
export class MessageAttempt {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' })
  id: string;

  @ManyToOne(() => Message, (message) => message.attempts, { onDelete: 'CASCADE', nullable: false })
  @JoinColumn({ name: 'message_id' })
  message: Relation<Message>;

  @Column('text')
  outcome: 'sent' | 'failed';

  /** Why it failed, in words that may be shown to the tenant. */
  @Column('text', { nullable: true })
  error: string | null;

  @CreateDateColumn({ name: 'at', type: 'timestamptz' })
  at: Date;
}
