import type { ServerResponse } from 'node:http';
import type { OnModuleDestroy, OnModuleInit } from '@nestjs/common';
import { Injectable } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import type { TenantNotice } from 'nestjs-tenancy';
import { TenantService } from 'nestjs-tenancy';
import type { Subscription } from 'rxjs';
import type { Environment } from '../config/environment.js';

// Those who follow give a stream up that is silent for longer.
const HEARTBEAT_MS = 3_000;
// Whoever reads slower than that gets a new stream, and looks everything up again.
const MAX_UNREAD_BYTES = 262_144;

const READY = event('ready');
const LOST = event('lost');
const HEARTBEAT = event('heartbeat');

/** Tells every instance that follows of each change, as the database tells this one. */
@Injectable()
export class ChangeStreams implements OnModuleInit, OnModuleDestroy {
  private readonly streams = new Set<ServerResponse>();
  private readonly limit: number;
  private watching: Subscription | undefined;
  private heartbeat: NodeJS.Timeout | undefined;
  private isOver = false;

  constructor(
    private readonly tenants: TenantService,
    config: ConfigService<Environment, true>,
  ) {
    this.limit = config.get('MAX_CHANGE_STREAMS', { infer: true });
  }

  onModuleInit(): void {
    this.watching = this.tenants.changes.subscribe((notice) => this.send(eventOf(notice)));
    this.heartbeat = setInterval(() => this.send(HEARTBEAT), HEARTBEAT_MS);
  }

  /** Before the server waits for the end of its requests: these have none of their own. */
  onModuleDestroy(): void {
    this.isOver = true;
    this.watching?.unsubscribe();
    clearInterval(this.heartbeat);
    for (const stream of this.streams) stream.end();
  }

  get isFull(): boolean {
    return this.isOver || this.streams.size >= this.limit;
  }

  /** Follows from here on: what is told as `ready` comes before every change that is told, and after none. */
  add(stream: ServerResponse): void {
    stream.writeHead(200, {
      'Content-Type': 'text/event-stream',
      'Cache-Control': 'no-store',
      // A proxy that gathers answers would gather for ever.
      'X-Accel-Buffering': 'no',
    });
    this.streams.add(stream);
    stream.on('close', () => this.streams.delete(stream));
    stream.on('error', () => this.streams.delete(stream));
    stream.write(this.tenants.metrics().watch === 'listening' ? READY : LOST);
  }

  private send(event: string): void {
    for (const stream of this.streams) {
      if (stream.writableLength > MAX_UNREAD_BYTES) stream.destroy();
      else stream.write(event);
    }
  }
}

function eventOf(notice: TenantNotice): string {
  if (notice.type === 'resumed') return READY;
  return notice.type === 'lost' ? LOST : event('changed', { id: notice.id });
}

function event(type: string, data: object = {}): string {
  return `event: ${type}\ndata: ${JSON.stringify(data)}\n\n`;
}
