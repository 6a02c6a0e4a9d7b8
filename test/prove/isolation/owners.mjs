/** Who has tables and works with them: three tenants, two of whose ids begin alike, and the system. */
const USERS = {
  acme: { id: 'acme', schema: 't_acme' },
  'acme-eu': { id: 'acme-eu', schema: 't_acme_eu' },
  globex: { id: 'globex', schema: 't_globex' },
  system: { id: 'system', schema: 'public' },
};
export const USER_IDS = Object.keys(USERS);

/** A tenant that only reads, and keeps connections it gave back. Nobody of its own is in a transaction it could get into. */
export const LATECOMER = 'initech';

export const OWNERS = { ...USERS, [LATECOMER]: { id: LATECOMER, schema: 't_initech' } };

/** Tenants that are known and have nothing: no schema at all, and a schema without tables. */
export const HOMELESS = {
  gone: { id: 'gone', schema: 't_gone' },
  halfmade: { id: 'halfmade', schema: 't_halfmade' },
};

/** Nobody's in this proof: whatever is found there was put there by mistake. */
export const BYSTANDERS = [
  { place: 't_bystander.notes', owner: 'bystander', body: 'untouched' },
  { place: 'public.only_public', owner: 'system', body: 'untouched' },
];

/** What every owner has from the start, and nobody changes. */
export const SEEDS = ['first seed', 'second seed'];

/** The database servers, where there are several: all have the same schemas, and each owner is at home on one. */
export const SERVERS = ['default', 'eu'];

export function homeOf(owner, isPlaced) {
  return isPlaced && ['globex', LATECOMER].includes(owner) ? 'eu' : 'default';
}

/** The owner that the rows of a schema name, which is somebody else where it is not at home. */
export function ownerOn(server, owner, isPlaced) {
  return homeOf(owner, isPlaced) === server ? owner : `${owner} elsewhere`;
}
