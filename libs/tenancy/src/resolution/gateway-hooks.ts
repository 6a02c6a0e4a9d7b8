import type { ModulesContainer } from '@nestjs/core';
import { belongsToNobody } from '../context/belongs-to-nobody.js';
import { runAndKeepScope } from '../context/keep-scope.js';
import { currentScope } from '../context/tenancy-scope.js';
import { isGateway } from './is-gateway.js';
import { methodsOf } from './methods-of.js';
import type { Around } from './replace-method.js';
import { replaceMethod } from './replace-method.js';

const HOOKS = ['handleConnection', 'handleDisconnect'];

/**
 * Lets a gateway hear of a socket's beginning and end only where that has a tenant, or where `@BypassTenancy()` says that it
 * needs none. Nest asks no guard for them, and what they throw ends the process.
 */
export function guardGatewayHooks(modules: ModulesContainer): void {
  for (const { providers } of modules.values()) {
    for (const { metatype } of providers.values()) {
      if (!isGateway(metatype)) continue;
      for (const declared of methodsOf(metatype)) {
        if (HOOKS.includes(declared.name)) replaceMethod(declared, guardHook);
      }
    }
  }
}

// The class is asked when it is called: two gateways may have inherited the method, and one of them be marked.
const guardHook: Around = (work, self, method) => {
  if (belongsToNobody(method, (self as object).constructor)) return runAndKeepScope({}, work);
  return currentScope()?.refusal ? undefined : work();
};
