import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import type { TenancyScope } from '../context/tenancy-scope.js';
import { currentScope } from '../context/tenancy-scope.js';
import { defineTenant } from '../tenants/tenant.js';
import { keepEvents, scopeOfResponse } from './keep-events.js';

const scope: TenancyScope = { openedBy: {}, tenant: defineTenant({ id: 'acme', schema: 't_acme' }) };

function heardFrom(emitter: EventEmitter): Array<TenancyScope | undefined> {
  const heard: Array<TenancyScope | undefined> = [];
  emitter.on('end', () => heard.push(currentScope()));
  return heard;
}

describe('what inherits from a request or a response', () => {
  const kept = (emitter = new EventEmitter()): EventEmitter => {
    keepEvents(emitter, scope);
    return emitter;
  };

  it.each([
    ['itself', (request: EventEmitter) => request],
    ['at first hand', (request: EventEmitter) => Object.create(request) as EventEmitter],
    ['at second hand', (request: EventEmitter) => Object.create(Object.create(request)) as EventEmitter],
  ])('tells of its events in the scope of the request: %s', (_how, derive) => {
    const request = kept();
    const heard = heardFrom(request);

    derive(request).emit('end');

    expect(heard).toEqual([scope]);
  });

  it('does so where somebody has put his own emit() around', () => {
    const request = kept();
    const { emit } = request;
    request.emit = function (this: EventEmitter, ...args) {
      return emit.apply(this, args);
    };
    const heard = heardFrom(request);

    (Object.create(request) as EventEmitter).emit('end');

    expect(heard).toEqual([scope]);
  });

  it('tells as itself where the request had an emit() of its own before', () => {
    const told: unknown[] = [];
    const request = kept(
      Object.assign(new EventEmitter(), {
        emit(this: unknown) {
          told.push(this);
          return true;
        },
      }),
    );
    const derived = Object.create(request) as EventEmitter;

    derived.emit('end');

    expect(told[0]).toBe(derived);
  });

  it('is handed to another application: the scope of each is found, and listeners hear as nobody', () => {
    const response = kept();
    const heard = heardFrom(response);
    const derived = Object.create(response) as EventEmitter;
    const inner: TenancyScope = { openedBy: {} };

    keepEvents(derived, inner);
    derived.emit('end');
    response.emit('end');

    expect(heard).toEqual([{}, {}]);
    for (const one of [response, derived]) {
      expect([scope, inner].map(({ openedBy }) => scopeOfResponse(one, openedBy as object))).toEqual([scope, inner]);
    }
  });
});
