import { createClient } from '@keyv/redis';
import type { OnApplicationShutdown } from '@nestjs/common';
import { Inject, Injectable } from '@nestjs/common';
import { RedisThrottlerStorage } from 'nestjs-tenancy/throttler';
import type { Environment } from '../environment.js';
import { ENVIRONMENT } from '../environment.js';

/** What all instances count together, in Redis where there is one. */
@Injectable()
export class SharedCounts implements OnApplicationShutdown {
  readonly storage: RedisThrottlerStorage | undefined;
  private readonly client: ReturnType<typeof createClient> | undefined;

  constructor(@Inject(ENVIRONMENT) { REDIS_URL: url }: Environment) {
    if (url === undefined) return;
    // A Redis that is away is none, at once: each instance then counts for itself.
    this.client = createClient({ url, disableOfflineQueue: true, socket: { connectTimeout: 2_000 } });
    this.client.on('error', () => undefined);
    this.client.connect().catch(() => undefined);
    this.storage = new RedisThrottlerStorage(this.client, 'communication:limits:');
  }

  onApplicationShutdown(): void {
    this.client?.destroy();
  }
}
