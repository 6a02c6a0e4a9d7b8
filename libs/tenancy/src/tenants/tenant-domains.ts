import { canonicalHost } from './canonical-host.js';

/** A domain as hosts are compared. What is no host name stays as it is: no host is equal to it. */
export function foldDomain(domain: string): string {
  return canonicalHost(domain) ?? domain;
}
