import { EventEmitter } from 'node:events';
import {
  BehaviorSubject,
  combineLatest,
  connectable,
  defer,
  filter,
  finalize,
  from,
  fromEvent,
  groupBy,
  interval,
  map,
  merge,
  mergeMap,
  Observable,
  of,
  range,
  share,
  shareReplay,
  startWith,
  Subject,
  switchMap,
  take,
  tap,
  toArray,
} from 'rxjs';
import { describe, expect, it } from 'vitest';
import { InMemoryTenantStore } from '../tenants/in-memory-tenant-store.js';
import { defineTenant } from '../tenants/tenant.js';
import { TenantService } from '../tenants/tenant.service.js';
import { keepTenant } from './keep-tenant.js';
import { TenantContext } from './tenant-context.js';

const acme = defineTenant({ id: 'acme', schema: 't_acme' });
const globex = defineTenant({ id: 'globex', schema: 't_globex' });
const context = new TenantContext(new TenantService(new InMemoryTenantStore([acme, globex])));

/** What acme's pipe saw of what globex published. */
function heard(pipe: (bus: Subject<number>, note: () => ReturnType<typeof tap>) => Observable<unknown>): unknown[] {
  const seen: unknown[] = [];
  const bus = new Subject<number>();
  const own = context.run(acme, () => pipe(bus, () => tap(() => seen.push(context.tenantId))));
  const subscription = own.subscribe({ error: () => seen.push('an error') });
  context.run(globex, () => bus.next(1));
  context.run(globex, () => bus.next(2));
  subscription.unsubscribe();
  return seen;
}

describe('an Observable over a source that tenants share, which work returns', () => {
  const emitter = new EventEmitter();

  it.each<[string, Parameters<typeof heard>[0]]>([
    ['one operator', (bus, note) => bus.pipe(note())],
    ['several', (bus, note) => bus.pipe(map(String), filter(Boolean), note())],
    ['asObservable()', (bus, note) => bus.asObservable().pipe(note())],
    ['share()', (bus, note) => bus.pipe(share(), note())],
    ['shareReplay()', (bus, note) => bus.pipe(shareReplay(1), note())],
    ['merge() of what is piped', (bus, note) => merge(bus.pipe(note()), interval(1_000_000))],
    ['merge() before', (bus, note) => merge(bus, new Subject()).pipe(note())],
    ['combineLatest() before', (bus, note) => combineLatest([bus, of(1)]).pipe(note())],
    [
      'an operator that makes others before',
      (bus, note) =>
        of(1).pipe(
          mergeMap(() => bus),
          note(),
        ),
    ],
    ['defer() before', (bus, note) => defer(() => bus).pipe(note())],
    ['keepTenant()', (bus, note) => bus.pipe(keepTenant(), note())],
    ['keepTenant() within', (bus, note) => of(1).pipe(switchMap(() => bus.pipe(keepTenant(), note())))],
    ['keepTenant() in defer()', (bus, note) => defer(() => bus.pipe(keepTenant(), note()))],
  ])('runs as its own tenant, whoever sets the source off: %s', (_how, pipe) => {
    expect(heard(pipe)).toEqual(['acme', 'acme']);
  });

  it('runs as its own tenant on what an EventEmitter emits', () => {
    const seen: unknown[] = [];
    const events = context.run(acme, () => fromEvent(emitter, 'go').pipe(map(() => context.tenantId)));
    const subscription = events.subscribe((id) => seen.push(id));
    context.run(globex, () => emitter.emit('go'));
    subscription.unsubscribe();

    expect(seen).toEqual(['acme']);
    expect(emitter.listenerCount('go')).toBe(0);
  });

  it('hears of its failure and of its end as its own tenant', () => {
    const seen: unknown[] = [];
    const note = () => void seen.push(context.tenantId);
    const [failing, ending] = [new Subject(), new Subject()];
    for (const subject of [failing, ending]) {
      context
        .run(acme, () => subject.pipe(tap({ error: note, complete: note }), finalize(note)))
        .subscribe({ error: () => undefined });
    }
    context.run(globex, () => failing.error(new Error('x')));
    context.run(globex, () => ending.complete());

    expect(seen).toEqual(['acme', 'acme', 'acme', 'acme']);
  });

  it('is what it was otherwise', () => {
    const values: unknown[] = [];
    const all = <T>(observable: Observable<T>) => context.run(acme, () => observable.pipe(toArray()));
    const odd = from([1, 2, 3, 4]).pipe(
      groupBy((n) => n % 2),
      mergeMap((group) => group.pipe(map((n) => [group.key, n]))),
    );
    const hot = connectable(of(1, 2), { connector: () => new BehaviorSubject(0) });
    for (const observable of [odd, merge(of(1), of(2)), range(1, 1_000_000).pipe(take(2)), of(1).pipe(startWith(0))]) {
      all<unknown>(observable).subscribe((value) => values.push(value));
    }
    all(hot).subscribe((value) => values.push(value));
    hot.connect();

    expect(values).toEqual([
      [
        [1, 1],
        [0, 2],
        [1, 3],
        [0, 4],
      ],
      [1, 2],
      [1, 2],
      [0, 1],
      [0, 1, 2],
    ]);
  });

  it('leaves an Observable alone that is subscribed to in its own way', () => {
    class Own extends Observable<number> {
      readonly #n = 7;
      override lift<R>(): Observable<R> {
        return Object.assign(new Own(), { source: this, operator: {} }) as unknown as Observable<R>;
      }
      override subscribe(observer: never): never {
        return of(this.#n).subscribe(observer) as never;
      }
    }
    const values: number[] = [];
    context.run(acme, () => new Own().pipe(map((n) => n))).subscribe((value) => values.push(value));

    expect(values).toEqual([7]);
  });
});

describe('keepTenant()', () => {
  it('runs what is piped behind it as each of its subscribers', () => {
    const seen: unknown[] = [];
    const bus = new Subject<void>();
    const ids = bus.pipe(
      keepTenant(),
      map(() => context.tenantId),
    );
    for (const tenant of [acme, globex]) context.run(tenant, () => void ids.subscribe((id) => seen.push(id)));
    ids.subscribe((id) => seen.push(id));
    context.run(globex, () => bus.next());

    expect(seen).toEqual(['acme', 'globex', undefined]);
  });

  it('stops a source that speaks while it is left', () => {
    let spoken = 0;
    range(1, 1_000_000)
      .pipe(
        tap(() => (spoken += 1)),
        keepTenant(),
        take(3),
      )
      .subscribe();

    expect(spoken).toBe(3);
  });
});
