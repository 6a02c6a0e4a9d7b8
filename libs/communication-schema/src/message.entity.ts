import type { Relation } from 'typeorm';
import {
  Column,
  CreateDateColumn,
  Entity,
  JoinColumn,
  ManyToOne,
  OneToMany,
  PrimaryColumn,
  PrimaryGeneratedColumn,
} from 'typeorm';

export type Channel = 'email' | 'sms';
export type MessageStatus = 'queued' | 'sent' | 'failed';

/** A message that a tenant sends. It has no tenant column: the schema that it lies in is the tenant's. */
@Entity('messages')
export class Message {
  @PrimaryColumn('uuid', { default: () => 'gen_random_uuid()' })
  id: string;

  @Column('text')
  channel: Channel;

  @Column('text')
  to: string;

  /** What it is sent from, as it was when it was sent. */
  @Column('text', { nullable: true })
  from: string | null;

  @Column('text', { nullable: true })
  subject: string | null;

  @Column('text')
  body: string;

  @Column('text', { name: 'template_id', nullable: true })
  templateId: string | null;

  @Column('text', { default: 'queued' })
  status: MessageStatus;

  /** The client's `Idempotency-Key`: the same key is the same message. */
  @Column('text', { name: 'idempotency_key', nullable: true, unique: true })
  idempotencyKey: string | null;

  /** A hash of the request that came with the key: the same key with another request is refused. */
  @Column('text', { name: 'request_hash', nullable: true })
  requestHash: string | null;

  /** What the mail server or the SMS provider calls it. */
  @Column('text', { name: 'provider_id', nullable: true })
  providerId: string | null;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt: Date;

  @Column('timestamptz', { name: 'sent_at', nullable: true })
  sentAt: Date | null;

  @OneToMany(() => MessageAttempt, (attempt) => attempt.message)
  attempts: MessageAttempt[];
}

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
