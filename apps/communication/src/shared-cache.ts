import { createKeyv } from '@keyv/redis';
import type { CacheModuleOptions } from '@nestjs/cache-manager';
import type { Environment } from './environment.js';

/** The cache of the service: in Redis where there is one, in this process otherwise. */
export function cacheOptions({ REDIS_URL }: Environment): CacheModuleOptions {
  if (REDIS_URL === undefined) return {};
  // A Redis that is away is a cache miss, at once: the registry is asked instead.
  const redis = createKeyv({ url: REDIS_URL, disableOfflineQueue: true, socket: { connectTimeout: 2_000 } });
  redis.on('error', () => undefined);
  return { stores: [redis] };
}
