/** The same application without any tenancy: every ratio is to it. */
export const BARE = 'bare';
export const OURS = 'nestjs-tenancy';
/** What any way to carry a tenant has to pay. */
export const STORAGE = 'storage';
/** The least that a tenant of a request needs, whoever writes it. */
export const BY_HAND = 'by hand';

/** What is compared, by how it is called in the tables. */
export const WAYS = {
  [BARE]: 'no tenancy',
  [OURS]: 'this library',
  [STORAGE]: 'an `AsyncLocalStorage.run` alone',
  guard: 'the same and an empty guard',
  'nestjs-cls': 'nestjs-cls',
  durable: 'durable providers',
  request: 'REQUEST scope',
};

/** And what is compared side by side alone. */
export const BESIDE = { ...WAYS, [BY_HAND]: 'the least by hand' };

export const ADAPTERS = ['Express', 'Fastify'];
export const RESOLVERS = ['header', 'subdomain'];

/** What a request says of its tenant. */
export const headersOf = (resolver, id) =>
  resolver === 'header' ? { 'X-Tenant-ID': id } : { Host: `${id}.example.com` };
