import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TenancyOptionsError, TenantSchemaError } from 'nestjs-tenancy';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Fleet } from '../../../../../test/support/tenant-fleet.js';
import { migration, tenantInits, useFleets } from '../../../../../test/support/tenant-fleet.js';
import { useTestDatabase } from '../../../../../test/support/test-database.js';
import { CopyIn } from '../contents/copy-protocol.js';

const CreateAll = migration('CreateAll1700000000001', [
  'CREATE TABLE notes (id serial PRIMARY KEY, body text, length int GENERATED ALWAYS AS (char_length(body)) STORED)',
  'CREATE TABLE "../Odd*" (id int)',
  'CREATE TABLE "../odd*" (id int)',
  'CREATE TABLE events (day date) PARTITION BY RANGE (day)',
  "CREATE TABLE events_2026 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')",
]);

const database = useTestDatabase();
const start = useFleets();
let fleet: Fleet;
let parent: string;
let folder: string;

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'nestjs-tenancy-export-'));
  folder = join(parent, 'exports', 'acme');
  const [acme, globex] = tenantInits(2);
  const config = { color: 'red', password: 'sealed:v1:k1:abc', token: 'plain', nested: { deep: ['sealed:v1:k1:abc'] } };
  fleet = await start(
    [{ ...acme, config, status: 'suspended' }, globex],
    { url: database.appUrl, migrations: [CreateAll] },
    {
      config: {
        keys: { color: {}, token: { secret: true } },
        encryption: { keys: [{ id: 'k1', key: Buffer.alloc(32) }] },
      },
    },
  );
  for (const tenant of fleet.tenants) await fleet.schemas.create(tenant);
  await database.query(`
    INSERT INTO t_acme.notes (body) VALUES ('plain'), (''), (NULL), (E'two\\nlines, "quoted"'), ('größer');
    INSERT INTO t_acme."../Odd*" VALUES (1);
    INSERT INTO t_acme."../odd*" VALUES (2);
    INSERT INTO t_acme.events VALUES ('2026-02-03');
    INSERT INTO t_globex.notes (body) VALUES ('of globex')`);
});
afterEach(async () => {
  await rm(parent, { recursive: true });
  await database.query('DROP SCHEMA IF EXISTS t_acme, t_globex CASCADE');
});

describe('an export', () => {
  it('has a file with a heading for each table, and a manifest that says what is in them', async () => {
    const report = await fleet.exports.export('acme', { folder });

    expect(report).toMatchObject({ folder, rows: 9 });
    const files = await readdir(folder);
    expect(files.sort()).toEqual(
      ['..%2FOdd%2A.csv', '..%2Fodd%2A~2.csv', 'events.csv', 'manifest.json', 'migrations.csv', 'notes.csv']
        .map((name) => name.replace(/^\./, '%2E'))
        .sort(),
    );
    expect(await readFile(join(folder, 'notes.csv'), 'utf8')).toBe(
      'id,body\n1,plain\n2,""\n3,\n4,"two\nlines, ""quoted"""\n5,größer\n',
    );
    expect(await readFile(join(folder, 'events.csv'), 'utf8')).toBe('day\n2026-02-03\n');
    const manifest = JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8'));
    expect(manifest).toEqual(report.manifest);
    expect(manifest.sequences).toContainEqual({ sequence: 'notes_id_seq', value: '5', isCalled: true });
    expect(manifest).toMatchObject({
      format: 'nestjs-tenancy/export',
      version: 1,
      tenant: { id: 'acme', schema: 't_acme', status: 'suspended', database: 'default' },
      migrations: ['CreateAll1700000000001'],
    });
    for (const { file, bytes, sha256 } of report.manifest.tables) {
      const written = await readFile(join(folder, file));
      expect(written.length).toBe(bytes);
      expect(createHash('sha256').update(written).digest('hex')).toBe(sha256);
    }
  });

  it('can be read back by PostgreSQL', async () => {
    await fleet.exports.export('acme', { folder });
    await database.query('CREATE TABLE public.back (id int, body text)');
    const client = new pg.Client(database.url);
    await client.connect();
    const copy = new CopyIn('COPY public.back FROM STDIN (FORMAT csv, HEADER)');
    client.query(copy as unknown as pg.Submittable);
    await copy.ready;
    await copy.write(await readFile(join(folder, 'notes.csv')));
    expect(await copy.end()).toBe(5);
    await client.end();
    const read = (table: string) => database.query(`SELECT id, body FROM ${table} ORDER BY id`);
    expect(await read('public.back')).toEqual(await read('t_acme.notes'));
  });

  it('has no secret in it, not even an encrypted one, and nothing of another tenant', async () => {
    const { manifest } = await fleet.exports.export('acme', { folder });

    expect(manifest.tenant.config).toEqual({ color: 'red' });
    expect([...manifest.withheld].sort()).toEqual(['nested', 'password', 'token']);
    for (const file of await readdir(folder)) {
      expect(await readFile(join(folder, file), 'utf8')).not.toMatch(/sealed|plain"|globex/);
    }
  });

  it('is of one moment, though the tenant goes on', async () => {
    const insert = () =>
      database.query(
        "INSERT INTO t_acme.notes (body) VALUES ('later'); INSERT INTO t_acme.events VALUES ('2026-03-03')",
      );
    const inserted: Array<Promise<unknown>> = [];
    const { rows } = await fleet.exports.export('acme', {
      folder,
      onEvent: ({ type }) => type === 'started' && inserted.push(insert()),
    });
    await Promise.all(inserted);
    expect(rows).toBe(9);
  });

  it('is for nobody else to read', async () => {
    await fleet.exports.export('acme', { folder });
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    expect((await stat(join(folder, 'notes.csv'))).mode & 0o777).toBe(0o600);
  });

  it('overwrites nothing', async () => {
    await mkdir(folder, { recursive: true });
    await expect(fleet.exports.export('acme', { folder })).rejects.toThrow(TenancyOptionsError);
    expect(await readdir(folder)).toEqual([]);
  });

  it('that is ended leaves nothing', async () => {
    const ending = new AbortController();
    const exporting = fleet.exports.export('acme', {
      folder,
      signal: ending.signal,
      onEvent: ({ type }) => type === 'exported' && ending.abort(new Error('Enough.')),
    });
    await expect(exporting).rejects.toThrow('Enough.');
    expect(await readdir(join(parent, 'exports'))).toEqual([]);
  });

  it('needs a schema of the tenant’s own', async () => {
    await database.query("COMMENT ON SCHEMA t_acme IS 'tenant globex'");
    await expect(fleet.exports.export('acme', { folder })).rejects.toThrow(TenantSchemaError);
    await expect(fleet.exports.export('nobody', { folder })).rejects.toThrow('There is no tenant');
    expect(await readdir(join(parent, 'exports'))).toEqual([]);
  });
});
