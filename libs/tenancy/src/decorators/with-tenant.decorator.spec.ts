import { Controller, Get, Inject, Injectable, Module, SetMetadata, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { afterAll, beforeAll, describe, expect, expectTypeOf, it } from 'vitest';
import { TenantContext } from '../context/tenant-context.js';
import { TenancyModule } from '../tenancy.module.js';
import {
  InvalidTenantIdError,
  TenancyOptionsError,
  TenantNotFoundError,
  TenantSuspendedError,
} from '../tenancy.errors.js';
import { InMemoryTenantStore } from '../tenants/in-memory-tenant-store.js';
import { WithTenant } from './with-tenant.decorator.js';

interface Job {
  readonly tenantId: string;
  readonly fails?: boolean;
}

/** As @Cron() and its like do: they mark the function itself. */
const Every = (seconds: number): MethodDecorator => SetMetadata('every', seconds);

@Injectable()
class Other {
  readonly name = 'other';
}

@Injectable()
class Worker {
  readonly handled: unknown[] = [];

  constructor(private readonly context: TenantContext) {}

  @WithTenant('acme')
  async fixed(): Promise<string | undefined> {
    return this.context.tenantId;
  }

  @WithTenant((job: Job) => job.tenantId)
  async process(job: Job, attempt = 1): Promise<unknown> {
    await Promise.resolve();
    if (job.fails) throw new Error(`failed for ${this.context.tenantId}`);
    this.handled.push(this.context.tenantId);
    return { id: this.context.tenantId, attempt };
  }

  @WithTenant(async (job: Job) => Promise.resolve(job.tenantId))
  async found(_job: Job): Promise<string | undefined> {
    return this.context.tenantId;
  }

  @WithTenant((job: Job) => job.tenantId)
  async nested(job: Job): Promise<unknown> {
    const inner = await this.fixed();
    return [inner, this.context.tenantId, job.tenantId];
  }

  @Every(10)
  @WithTenant('acme')
  @SetMetadata('below', 'kept')
  marked(): void {}

  @WithTenant('acme')
  async *pages(): AsyncGenerator<string | undefined> {
    yield this.context.tenantId;
  }

  @WithTenant('acme')
  notAsync(): string | undefined {
    return this.context.tenantId;
  }

  undecorated(): string | undefined {
    return this.context.tenantId;
  }
}

@Injectable()
class SpecialWorker extends Worker {
  @Inject() readonly other: Other;

  @WithTenant('globex')
  override async fixed(): Promise<string | undefined> {
    return super.undecorated();
  }

  @WithTenant('globex')
  async own(): Promise<string | undefined> {
    return super.undecorated();
  }

  throughSuper(): unknown {
    return super.fixed();
  }
}

@Controller()
class WorkController {
  @Get('work')
  @WithTenant('acme')
  @UseGuards()
  work(): string {
    return 'done';
  }
}

const store = new InMemoryTenantStore([
  { id: 'acme', schema: 't_acme' },
  { id: 'globex', schema: 't_globex' },
  { id: 'dormant', schema: 't_dormant', status: 'suspended' },
]);

@Module({
  imports: [TenancyModule.forRoot({ store })],
  providers: [Worker, SpecialWorker, Other],
  controllers: [WorkController],
})
class WorkModule {}

let app: Awaited<ReturnType<typeof NestFactory.createApplicationContext>>;
let worker: Worker;
beforeAll(async () => {
  app = await NestFactory.createApplicationContext(WorkModule, { logger: false });
  worker = app.get(Worker);
});
afterAll(() => app.close());

describe('a method that runs as a tenant', () => {
  it('has the one that is named', async () => {
    expect(await worker.fixed()).toBe('acme');
  });

  it.each(['acme', 'globex'])('has the one that its arguments name, and gets them all: %s', async (tenantId) => {
    expect(await worker.process({ tenantId }, 3)).toEqual({ id: tenantId, attempt: 3 });
    expect(await worker.found({ tenantId })).toBe(tenantId);
  });

  it('is itself: it has its object, its name and its errors', async () => {
    await worker.process({ tenantId: 'globex' });

    expect(worker.handled.at(-1)).toBe('globex');
    expect(worker.process.name).toBe('process');
    await expect(worker.process({ tenantId: 'acme', fails: true })).rejects.toThrow('failed for acme');
  });

  it('leaves its caller where he is', async () => {
    const context = app.get(TenantContext);
    await context.run('globex', async () => {
      expect(await worker.fixed()).toBe('acme');
      expect(context.tenantId).toBe('globex');
    });
    expect(context.get()).toBeUndefined();
  });

  it('returns a promise, also where it returned none', async () => {
    expect(worker.notAsync()).toBeInstanceOf(Promise);
    expect(await Promise.resolve(worker.notAsync())).toBe('acme');
  });

  it('may call another one', async () => {
    expect(await worker.nested({ tenantId: 'globex' })).toEqual(['acme', 'globex', 'globex']);
  });

  it('in parallel keeps each call to its own', async () => {
    const ids = Array.from({ length: 20 }, (_, n) => (n % 2 ? 'acme' : 'globex'));

    const results = await Promise.all(ids.map((tenantId) => worker.process({ tenantId })));

    expect(results).toEqual(ids.map((id) => ({ id, attempt: 1 })));
  });

  it('keeps its generator in the scope', async () => {
    const seen: unknown[] = [];
    for await (const id of await Promise.resolve(worker.pages())) seen.push(id);

    expect(seen).toEqual(['acme']);
  });
});

describe('a tenant that cannot be used', () => {
  it.each([
    ['nobody', TenantNotFoundError],
    ['dormant', TenantSuspendedError],
    ['No Id', InvalidTenantIdError],
    ['', InvalidTenantIdError],
    [undefined, InvalidTenantIdError],
    [{ id: 'acme', schema: 't_globex', status: 'active' }, InvalidTenantIdError],
  ])('keeps the method from running: %o', async (tenantId, error) => {
    worker.handled.length = 0;

    await expect(worker.process({ tenantId } as never)).rejects.toThrow(error);
    expect(worker.handled).toEqual([]);
  });

  it('is looked up at each call, not once for all', async () => {
    store.save({ id: 'initech', schema: 't_initech' });
    expect(await worker.found({ tenantId: 'initech' })).toBe('initech');
  });
});

describe('other decorators', () => {
  it('above and below keep their marks', () => {
    expect(Reflect.getMetadata('every', worker.marked)).toBe(10);
    expect(Reflect.getMetadata('below', worker.marked)).toBe('kept');
    expect(Reflect.getMetadata('path', WorkController.prototype.work)).toBe('work');
  });
});

describe('a class that inherits', () => {
  it('has its own methods and those of its parent', async () => {
    const special = app.get(SpecialWorker);

    expect(special.other.name).toBe('other');
    expect(await special.fixed()).toBe('globex');
    expect(await special.own()).toBe('globex');
    expect(await special.throughSuper()).toBe('acme');
    expect(await special.process({ tenantId: 'acme' })).toEqual({ id: 'acme', attempt: 1 });
  });
});

describe('an object that Nest did not make', () => {
  it('says so', async () => {
    const stray = new Worker(app.get(TenantContext));

    await expect(stray.process({ tenantId: 'acme' })).rejects.toThrow(TenancyOptionsError);
    await expect(stray.process({ tenantId: 'acme' })).rejects.toThrow(
      'Worker.process() is decorated with @WithTenant(), and its object was not made by Nest: register its class as a ' +
        'provider in an application that imports TenancyModule.',
    );
  });
});

describe('what is no method of an object', () => {
  it('is refused when it is decorated', () => {
    const decorate = WithTenant('acme') as (target: object, name: string, descriptor: PropertyDescriptor) => void;

    expect(() => decorate({}, 'accessor', { get: () => 1 })).toThrow(TenancyOptionsError);
    expect(() => decorate(class Stray {}, 'static', { value: () => 1 })).toThrow(TenancyOptionsError);
  });
});

describe('the types', () => {
  it('hold the function to the arguments of its method', () => {
    class Typed {
      @WithTenant((job: Job, attempt: number) => `${job.tenantId}${attempt}`)
      both(_job: Job, _attempt: number): void {}

      @WithTenant((job: Job) => job.tenantId)
      more(_job: Job, _token: string): void {}

      // @ts-expect-error -- the method is given no job
      @WithTenant((job: Job) => job.tenantId)
      wrong(_n: number): void {}
    }

    expectTypeOf<Typed['both']>().toEqualTypeOf<(job: Job, attempt: number) => void>();
  });
});
