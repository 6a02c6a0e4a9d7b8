// A process that closes its DataSource while its users work and wait, and then has nothing to do. Started by a test, which
// gives it the address of a database and lets it go on by closing its input. It prints that all are at work, and then how
// many were refused.
import { defineTenant, TenantDataSourceFactory } from 'nestjs-tenancy';

const acme = defineTenant({ id: 'acme', schema: 't_acme' });
const factory = new TenantDataSourceFactory({ url: process.argv[2], poolSize: 2 }, async () => acme);
await factory.initialize();
const view = factory.forTenant(acme);

let refused = 0;
const users = [];
const add = (user) => users.push(user.catch(() => (refused += 1)));

/** Resolves once the transaction is at work. */
function begin(work) {
  return new Promise((resolve) => {
    const transaction = view.transaction(async (manager) => {
      await manager.query('SELECT 1');
      resolve();
      await work(manager);
    });
    add(transaction);
  });
}

let close;
const closed = new Promise((resolve) => (close = resolve));
await begin((manager) => manager.query('SELECT pg_sleep(60)'));
await begin(() => closed);
for (let n = 0; n < 10; n += 1) add(view.query('SELECT owner FROM notes'));
while (factory.dataSource.driver.master.waitingCount < 10) await new Promise(setImmediate);
console.log('at work');
for await (const _ of process.stdin);
await factory.destroy();
close();
await Promise.all(users);
console.log(refused);
