import { EventEmitter, once } from 'node:events';
import { Readable } from 'node:stream';
import { setImmediate as turn, setTimeout as later } from 'node:timers/promises';
import {
  concat,
  defer,
  EMPTY,
  finalize,
  firstValueFrom,
  lastValueFrom,
  map,
  of,
  range,
  take,
  tap,
  timer,
  toArray,
} from 'rxjs';
import { describe, expect, expectTypeOf, it } from 'vitest';
import {
  InvalidTenantIdError,
  TenancyOptionsError,
  TenantContextMissingError,
  TenantNotFoundError,
  TenantRequiredError,
  TenantSuspendedError,
} from '../tenancy.errors.js';
import { InMemoryTenantStore } from '../tenants/in-memory-tenant-store.js';
import type { Tenant } from '../tenants/tenant.js';
import { defineTenant } from '../tenants/tenant.js';
import { TenantService } from '../tenants/tenant.service.js';
import type { TenancyScope } from './tenancy-scope.js';
import { runInScope } from './tenancy-scope.js';
import { TenantContext } from './tenant-context.js';

const acme = defineTenant({ id: 'acme', schema: 't_acme' });
const globex = defineTenant({ id: 'globex', schema: 't_globex' });
const dormant = defineTenant({ id: 'dormant', schema: 't_dormant', status: 'suspended' });
const context = new TenantContext(new TenantService(new InMemoryTenantStore([acme, globex, dormant])));
const current = () => context.tenantId;

describe('outside every scope', () => {
  it('there is no tenant', () => {
    expect([context.get(), context.tenantId, context.schema, context.isSystem]).toEqual([
      undefined,
      undefined,
      undefined,
      false,
    ]);
  });

  it('asking for one says what to do', () => {
    expect(() => context.getOrThrow()).toThrow(TenantContextMissingError);
    expect(() => context.getOrThrow()).toThrow('TenantContext.run()');
  });

  it('nothing can be set or cleared', () => {
    expect(() => context.set(acme)).toThrow(TenantContextMissingError);
    expect(() => context.clear()).toThrow(TenantContextMissingError);
  });
});

describe('running as a tenant', () => {
  it('has it, its id and its schema', () => {
    context.run(acme, () => {
      expect(context.get()).toBe(acme);
      expect(context.getOrThrow()).toBe(acme);
      expect([context.tenantId, context.schema]).toEqual(['acme', 't_acme']);
    });
  });

  it('returns what the work returns, with its type', async () => {
    expect(context.run(acme, () => 7)).toBe(7);
    expect(await context.run(acme, async () => 7)).toBe(7);
    expect(await context.run('acme', () => 7)).toBe(7);
    expectTypeOf(context.run(acme, () => 7)).toEqualTypeOf<number>();
    expectTypeOf(context.run(acme, async () => 7)).toEqualTypeOf<Promise<number>>();
    expectTypeOf(context.run('acme', async () => 7)).toEqualTypeOf<Promise<number>>();
  });

  it('within another gives the outer one back', () => {
    context.run(acme, () => {
      context.run(globex, () => expect(current()).toBe('globex'));
      expect(current()).toBe('acme');
    });
    expect(current()).toBeUndefined();
  });

  it('gives the outer one back after a throw and after a rejection', async () => {
    await context.run(acme, async () => {
      expect(() =>
        context.run(globex, () => {
          throw new Error('within');
        }),
      ).toThrow('within');
      expect(current()).toBe('acme');
      await expect(context.run(globex, () => Promise.reject(new Error('within')))).rejects.toThrow('within');
      expect(current()).toBe('acme');
    });
    expect(current()).toBeUndefined();
  });

  it('in parallel keeps each to its own', async () => {
    const ids = await Promise.all(
      Array.from({ length: 50 }, (_, n) =>
        context.run(n % 2 ? acme : globex, async () => {
          const seen = new Set([current()]);
          for (let i = 0; i < 5; i += 1) {
            await turn();
            seen.add(current());
          }
          return [...seen].join();
        }),
      ),
    );

    expect(ids).toEqual(Array.from({ length: 50 }, (_, n) => (n % 2 ? 'acme' : 'globex')));
  });

  it('keeps it in timers, ticks, streams and emitters that are started within', async () => {
    const seen: Array<string | undefined> = [];
    const note = () => void seen.push(current());
    await context.run(acme, async () => {
      setTimeout(note, 1);
      setImmediate(note);
      process.nextTick(note);
      queueMicrotask(note);
      await once(Readable.from(['a', 'b']).on('data', note), 'end');
      const emitter = new EventEmitter().on('go', note);
      setTimeout(() => emitter.emit('go'), 1);
      await later(5);
    });

    expect(seen).toEqual(Array.from({ length: 7 }, () => 'acme'));
  });
});

describe('running as a tenant that is named by its id', () => {
  it('looks it up first', async () => {
    await context.run('acme', () => expect(context.getOrThrow()).toBe(acme));
  });

  it.each([
    ['nobody', TenantNotFoundError],
    ['dormant', TenantSuspendedError],
    ['No Id', InvalidTenantIdError],
  ])('does nothing where it cannot be used: %s', async (id, error) => {
    let done = false;

    await expect(
      context.run(id, () => {
        done = true;
      }),
    ).rejects.toThrow(error);
    expect(done).toBe(false);
  });

  it('leaves the caller where he is', async () => {
    await context.run(acme, async () => {
      const inner = context.run('globex', async () => {
        await turn();
        return current();
      });
      expect(current()).toBe('acme');
      expect(await inner).toBe('globex');
      expect(current()).toBe('acme');
    });
  });
});

describe('running as a tenant that is given', () => {
  it('takes it whatever its status, for who repairs it', () => {
    expect(context.run(dormant, current)).toBe('dormant');
  });

  it('makes a safe one of it where it is none yet', () => {
    const loose = { ...acme, config: { list: [1] } };

    context.run(loose, () => {
      loose.schema = 't_globex';
      expect(context.schema).toBe('t_acme');
      expect(Object.isFrozen(context.getOrThrow().config.list)).toBe(true);
    });
  });

  it.each(['public', 'pg_temp', '"t_globex"', 't_acme, t_globex', 'T_Acme', ''])(
    'refuses a schema that is none: %s',
    (schema) => {
      const forged = Object.freeze({ ...acme, schema });

      expect(() => context.run(forged, current)).toThrow(TenancyOptionsError);
      context.run(acme, () => {
        expect(() => context.set(forged)).toThrow(TenancyOptionsError);
        expect(context.schema).toBe('t_acme');
      });
    },
  );

  it.each([undefined, null])('does not run for %s', (nobody) => {
    expect(() => context.run(nobody as never, current)).toThrow(InvalidTenantIdError);
  });
});

describe('changing the running scope', () => {
  it('holds from then on, and in that scope alone', async () => {
    await context.run(acme, async () => {
      await context.run(acme, async () => {
        context.set(globex);
        await turn();
        expect(current()).toBe('globex');
        context.clear();
        expect(current()).toBeUndefined();
      });
      expect(current()).toBe('acme');
    });
  });

  it('is seen by what the scope has started already', async () => {
    await context.run(acme, async () => {
      const seen = turn().then(current);
      context.set(globex);
      expect(await seen).toBe('globex');
    });
  });

  it('refuses a tenant that is not active', () => {
    context.run(acme, () => {
      expect(() => context.set(dormant)).toThrow(TenantSuspendedError);
      expect(current()).toBe('acme');
    });
  });

  it('ends work for the system', () => {
    context.runAsSystem(() => {
      context.set(acme);
      expect([context.isSystem, current()]).toEqual([false, 'acme']);
    });
    context.runAsSystem(() => {
      context.clear();
      expect([context.isSystem, current()]).toEqual([false, undefined]);
    });
  });

  it('ends what the owner of a schema may', () => {
    for (const change of [() => context.set(globex), () => context.clear()]) {
      const scope: TenancyScope = { tenant: acme, owner: true };
      runInScope(scope, change);
      expect(scope.owner).toBeUndefined();
    }
  });

  it('takes the reason away for which a request has none', () => {
    runInScope({ refusal: new TenantRequiredError(['header X-Tenant-ID']) }, () => {
      expect(() => context.getOrThrow()).toThrow(TenantRequiredError);
      context.set(acme);
      expect(context.getOrThrow()).toBe(acme);
      context.clear();
      expect(() => context.getOrThrow()).toThrow('No current tenant.');
    });
  });
});

describe('running as the system', () => {
  it('has no tenant, not the outer one either', () => {
    context.run(acme, () => {
      context.runAsSystem(() => {
        expect([context.isSystem, current()]).toEqual([true, undefined]);
        expect(() => context.getOrThrow()).toThrow(TenantContextMissingError);
      });
      expect([context.isSystem, current()]).toEqual([false, 'acme']);
    });
  });

  it('ends within a run as a tenant', () => {
    context.runAsSystem(() => context.run(acme, () => expect([context.isSystem, current()]).toEqual([false, 'acme'])));
  });
});

describe('an Observable that work returns', () => {
  const ids = () => defer(() => of(current())).pipe(toArray());

  it.each<readonly [string, () => unknown]>([
    ['at once', () => firstValueFrom(context.run(acme, ids))],
    ['later', () => firstValueFrom(context.run(acme, () => timer(1).pipe(map(current), toArray())))],
    ['after a look-up', async () => context.run('acme', ids).then((found) => firstValueFrom(found as never))],
    ['as a promise', async () => firstValueFrom(await context.run(acme, async () => ids()))],
    ['within another tenant’s scope', () => context.run(globex, () => firstValueFrom(context.run(acme, ids)))],
  ])('does its work in the scope: %s', async (_when, work) => {
    expect(await work()).toEqual(['acme']);
  });

  it('does it for each of its subscribers', async () => {
    const shared = context.run(acme, ids);

    expect(await firstValueFrom(shared)).toEqual(['acme']);
    expect(await context.run(globex, () => firstValueFrom(shared))).toEqual(['acme']);
  });

  it('tells its subscribers in theirs', async () => {
    const seen: Array<string | undefined> = [];
    const note = () => void seen.push(current());

    await context.run(globex, () =>
      lastValueFrom(
        concat(
          context.run(acme, () => of(1)),
          context.run(acme, () => timer(1)),
        ).pipe(tap({ next: note, complete: note })),
      ),
    );
    await context.run(globex, () =>
      lastValueFrom(
        context.run(acme, () => defer(() => Promise.reject(new Error('x')))).pipe(tap({ error: note })),
      ).catch(note),
    );

    expect(seen).toEqual(Array.from({ length: 5 }, () => 'globex'));
  });

  it('is left in the scope, whoever leaves it', async () => {
    const seen: Array<string | undefined> = [];
    const endless = context.run(acme, () => timer(0, 1).pipe(finalize(() => seen.push(current()))));

    context.run(globex, () => endless.subscribe().unsubscribe());
    await lastValueFrom(endless.pipe(take(2)));
    await lastValueFrom(
      context.run(acme, () => EMPTY.pipe(finalize(() => seen.push(current())))),
      { defaultValue: 0 },
    );

    expect(seen).toEqual(['acme', 'acme', 'acme']);
  });

  it('stops when it is left while it speaks', async () => {
    let spoken = 0;
    const numbers = context.run(acme, () => range(1, 1_000_000).pipe(tap(() => (spoken += 1))));

    expect(await lastValueFrom(numbers.pipe(take(3), toArray()))).toEqual([1, 2, 3]);
    expect(spoken).toBe(3);
  });

  it('fails as it fails', async () => {
    const failing = context.run(acme, () => defer(() => Promise.reject(new Error('within'))));

    await expect(lastValueFrom(failing)).rejects.toThrow('within');
  });
});

describe('a generator that work returns', () => {
  async function* steps(): AsyncGenerator<string | undefined, string | undefined, void> {
    yield current();
    await turn();
    yield current();
    return current();
  }

  it('does its work in the scope, and its reader stays in his', async () => {
    const seen: Array<string | undefined> = [];
    await context.run(globex, async () => {
      for await (const id of context.run(acme, steps)) seen.push(id, current());
    });

    expect(seen).toEqual(['acme', 'globex', 'acme', 'globex']);
  });

  it('does so as a stream, which works while it is read', async () => {
    const stream = context.run(acme, () => Readable.from(steps()));
    const seen: unknown[] = [];
    await context.run(globex, async () => {
      for await (const id of stream) seen.push(id, current());
    });

    expect(seen).toEqual(['acme', 'globex', 'acme', 'globex']);
  });

  it('has all that a generator has', async () => {
    const generator = context.run(acme, steps);

    expect(await generator.next()).toEqual({ value: 'acme', done: false });
    expect(await generator.return('done')).toEqual({ value: 'done', done: true });
    expect(generator[Symbol.asyncIterator]()).toBe(generator);
    await expect(context.run(acme, steps).throw(new Error('x'))).rejects.toThrow('x');
  });

  it('makes a stream of the scope', async () => {
    expect(await Readable.from(context.run(acme, steps)).toArray()).toEqual(['acme', 'acme']);
  });

  it('may be a plain one', () => {
    function* plain(): Generator<string | undefined> {
      yield current();
      yield current();
    }

    expect([...context.run(acme, plain)]).toEqual(['acme', 'acme']);
  });

  it('is cleaned up in the scope', async () => {
    let left: string | undefined;
    async function* endless(): AsyncGenerator<number> {
      try {
        for (let n = 0; ; n += 1) yield n;
      } finally {
        left = current();
      }
    }

    for await (const n of context.run(acme, endless)) if (n === 2) break;

    expect(left).toBe('acme');
  });
});

describe('a query that work returns and that runs once it is awaited', () => {
  class LazyQuery implements PromiseLike<string | undefined> {
    // oxlint-disable-next-line unicorn/no-thenable -- what query builders are
    then<A, B>(
      resolve?: ((value: string | undefined) => A | PromiseLike<A>) | null,
      reject?: ((reason: unknown) => B | PromiseLike<B>) | null,
    ): Promise<A | B> {
      return Promise.resolve(current()).then(resolve, reject);
    }
  }

  it('runs in the scope', async () => {
    expect(await context.run(acme, () => new LazyQuery())).toBe('acme');
    expect(await context.run('acme', () => new LazyQuery())).toBe('acme');
    expect(await context.run(globex, async () => await context.run(acme, () => new LazyQuery()))).toBe('acme');
  });
});

describe('what work returns otherwise', () => {
  it.each([undefined, null, 0, '', [], {}, () => 1])('is returned as it is: %o', (value) => {
    expect(context.run(acme, () => value)).toBe(value);
  });

  it('may be an object that cannot be asked for what it has not', () => {
    const strict = new Proxy(
      {},
      {
        get: (_target, property) => {
          if (property === Symbol.toStringTag) return undefined;
          throw new Error(`It has no ${String(property)}.`);
        },
      },
    );

    expect(
      Object.is(
        context.run(acme, () => strict),
        strict,
      ),
    ).toBe(true);
  });

  it('has the type that it had', () => {
    expectTypeOf(context.run(acme, () => [acme] as readonly Tenant[])).toEqualTypeOf<readonly Tenant[]>();
  });
});
