import { Injectable, Module } from '@nestjs/common';
import { InjectEntityManager, InjectRepository } from '@nestjs/typeorm';
import { InMemoryTenantStore, TenancyModule, TenantContext, TenantSchemaService, TenantService } from 'nestjs-tenancy';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { Column, Entity, EntityManager, EntitySchema, PrimaryGeneratedColumn, Repository } from 'typeorm';
import { Tree, TreeChildren, TreeParent, TreeRepository } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunningApp } from './support/start-app.js';
import { startApp } from './support/start-app.js';
import { useTestDatabase } from './support/test-database.js';

@Entity('notes')
class Note {
  @PrimaryGeneratedColumn() id: number;
  @Column('text') body: string;
}

@Entity('folders')
@Tree('materialized-path')
class Folder {
  @PrimaryGeneratedColumn() id: number;
  @TreeChildren() children: Folder[];
  @TreeParent() parent: Folder | null;
}

interface Tag {
  name: string;
}
const TagSchema = new EntitySchema<Tag>({
  name: 'Tag',
  tableName: 'tags',
  columns: { name: { type: 'text', primary: true } },
});

class CreateAll1700000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE TABLE notes (id serial PRIMARY KEY, body text NOT NULL)');
    await runner.query('CREATE TABLE folders (id serial PRIMARY KEY, mpath text DEFAULT \'\', "parentId" int)');
    await runner.query('CREATE TABLE tags (name text PRIMARY KEY)');
  }
  async down(): Promise<void> {}
}

@Injectable()
class Library {
  constructor(
    @InjectRepository(Note) readonly notes: Repository<Note>,
    @InjectRepository(Folder) readonly folders: TreeRepository<Folder>,
    @InjectRepository(TagSchema) readonly tags: Repository<Tag>,
    @InjectEntityManager() readonly manager: EntityManager,
  ) {}
}

const database = useTestDatabase();
let running: RunningApp;

@Module({
  imports: [
    TenancyModule.forRootAsync({
      useFactory: () => ({
        store: new InMemoryTenantStore([
          { id: 'acme', schema: 't_acme' },
          { id: 'globex', schema: 't_globex' },
        ]),
        database: { url: database.appUrl, entities: [Note, Folder, TagSchema], migrations: [CreateAll1700000000000] },
      }),
    }),
    TenancyModule.forFeature([Note, Folder, TagSchema]),
  ],
  providers: [Library],
})
class AppModule {}

beforeAll(async () => {
  running = await startApp(AppModule);
  for (const id of ['acme', 'globex']) {
    await running.app.get(TenantSchemaService).create(await running.app.get(TenantService).getTenant(id));
  }
});
afterAll(() => running?.app.close());

describe('repositories of TenancyModule.forFeature()', () => {
  it('are injected by @InjectRepository() and follow the current tenant', async () => {
    const { notes, folders, tags, manager } = running.app.get(Library);
    const context = running.app.get(TenantContext);
    expect(folders).toBeInstanceOf(TreeRepository);
    await context.run('acme', async () => {
      await notes.save({ body: 'of acme' });
      await tags.save({ name: 'of acme' });
      const parent = await folders.save(folders.create());
      await folders.save(folders.create({ parent }));
    });
    const counts = () => Promise.all([notes.count(), tags.count(), folders.count(), manager.count(Note)]);
    expect(await context.run('acme', counts)).toEqual([1, 1, 2, 1]);
    expect(await context.run('acme', async () => (await folders.findTrees())[0].children)).toHaveLength(1);
    expect(await context.run('globex', counts)).toEqual([0, 0, 0, 0]);
  });
});
