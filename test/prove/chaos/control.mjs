// Stock TypeORM under the same kills, to show that what is counted can be seen: its uncaught exceptions. A process of its
// own, started by ../chaos.mjs, which gives it `{ serverUrl, url, role, kills, seed }`; it prints what it counted.
import { setTimeout as delay } from 'node:timers/promises';
import { DataSource } from 'typeorm';
import { watchProcess } from './faults.mjs';
import { killBackends } from './kill-backends.mjs';
import { randomNumbers } from '../support/random.mjs';
import { POOL_SIZE } from './system.mjs';

const WORKERS = 16;
const AT_A_TIME = 50;

const { serverUrl, url, role, kills, seed } = JSON.parse(process.argv[2]);
const faults = watchProcess();
const random = randomNumbers(seed);
const dataSource = new DataSource({
  type: 'postgres',
  url,
  poolSize: POOL_SIZE,
  installExtensions: false,
  extra: { options: '-c search_path=t_acme' },
});
await dataSource.initialize();
for (let worker = 0; worker < WORKERS; worker += 1) void work();

// It breaks sooner or later; once it has, it was seen.
let done = 0;
while (done < kills && faults.uncaughtExceptions.length === 0) {
  await killBackends({ serverUrl, role, random }, AT_A_TIME);
  done += AT_A_TIME;
}
console.log(JSON.stringify({ kills: done, uncaughtExceptions: faults.uncaughtExceptions }));
process.exit();

async function work() {
  for (;;) {
    await dataSource
      .transaction((manager) => manager.query('SELECT owner FROM notes WHERE id > $1', [10]))
      .catch(() => delay(5));
  }
}
