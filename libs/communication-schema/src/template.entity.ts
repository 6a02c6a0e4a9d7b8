import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';
import type { Channel } from './message.entity.js';

/** A text with `{{variables}}` that a tenant sends again and again. */
@Entity('templates')
export class Template {
  /** Chosen by the tenant, such as `welcome`. */
  @PrimaryColumn('text')
  id: string;

  @Column('text')
  channel: Channel;

  @Column('text', { nullable: true })
  subject: string | null;

  @Column('text')
  body: string;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt: Date;
}
