import type { ThrottlerStorage } from '@nestjs/throttler';
import type { ThrottlerRecord } from './window-storage.js';

/**
 * What is needed of a Redis client; that of `redis` (and `@keyv/redis`) has it. For ioredis:
 * `{ eval: (script, { keys, arguments: args }) => ioredis.eval(script, keys.length, ...keys, ...args) }`.
 */
export interface RedisScripts {
  eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
}

// One key for the window and one for the block, with a hash tag: on the same node of a cluster. Time is the server's own.
const COUNT = `
local ttl, limit, block = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local rest = redis.call('PTTL', KEYS[1])
if rest < 0 then rest = ttl end
local blocked = redis.call('PTTL', KEYS[2])
if blocked > 0 then return { limit + 1, rest, 1, blocked } end
local hits = tonumber(redis.call('GET', KEYS[1]) or '0')
if hits >= limit then
  if block > 0 then redis.call('SET', KEYS[2], '1', 'PX', block) else block = rest end
  return { limit + 1, rest, 1, block }
end
hits = redis.call('INCR', KEYS[1])
if hits == 1 or redis.call('PTTL', KEYS[1]) < 0 then
  redis.call('PEXPIRE', KEYS[1], ttl)
  rest = ttl
end
return { hits, rest, 0, 0 }
`;

/**
 * Counts in Redis, for all instances together: one script and one number for each key, which expires with its window. What
 * is refused is not counted.
 *
 * @example new RedisThrottlerStorage(await createClient({ url: process.env.REDIS_URL }).connect())
 */
export class RedisThrottlerStorage implements ThrottlerStorage {
  constructor(
    private readonly client: RedisScripts,
    /** What its keys begin with. */
    private readonly prefix = 'tenancy:limits:',
  ) {}

  async increment(key: string, ttl: number, limit: number, blockDuration: number): Promise<ThrottlerRecord> {
    const name = `${this.prefix}{${key}}`;
    const numbers = [ttl, limit, blockDuration].map(String);
    const answer = await this.client.eval(COUNT, { keys: [name, `${name}:blocked`], arguments: numbers });
    const [totalHits, rest, isBlocked, blocked] = (answer as unknown[]).map(Number);
    return {
      totalHits,
      timeToExpire: Math.ceil(rest / 1_000),
      isBlocked: isBlocked === 1,
      timeToBlockExpire: Math.ceil(blocked / 1_000),
    };
  }
}
