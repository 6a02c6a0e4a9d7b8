import 'reflect-metadata';
import { Controller, Inject, Module } from '@nestjs/common';

/** A controller without decorators' syntax: `routes` has the decorators of each method of the class. */
export function controller(path, Class, routes, ...more) {
  Controller(path)(Class);
  for (const decorate of more) decorate(Class);
  for (const [name, decorators] of Object.entries(routes)) {
    const descriptor = Object.getOwnPropertyDescriptor(Class.prototype, name);
    for (const decorate of decorators) decorate(Class.prototype, name, descriptor);
  }
  return Class;
}

/** Has Nest hand these to the constructor. */
export function injecting(...tokens) {
  return (Class) => {
    for (const [at, token] of tokens.entries()) Inject(token)(Class, undefined, at);
  };
}

/** A module; `Class` is given where it has more to do than to be one. */
export function moduleOf(metadata, Class = class ProvenModule {}) {
  Module(metadata)(Class);
  return Class;
}
