import 'reflect-metadata';
import { Controller, Get, Module, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { InjectRepository, TypeOrmModule } from '@nestjs/typeorm';
import {
  CurrentTenant,
  InMemoryTenantStore,
  TenancyModule,
  TenantSchemaService,
  TenantService,
  type Tenant,
} from 'nestjs-tenancy';
import { Column, Entity, PrimaryGeneratedColumn, Repository, type MigrationInterface, type QueryRunner } from 'typeorm';

@Entity('notes')
class Note {
  @PrimaryGeneratedColumn() id: number;
  @Column('text') body: string;
}

class CreateNotes1700000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE TABLE notes (id serial PRIMARY KEY, body text NOT NULL)');
  }
  async down(): Promise<void> {}
}

@Controller('notes')
class NotesController {
  constructor(@InjectRepository(Note) private readonly notes: Repository<Note>) {}

  @Get()
  list(): Promise<Note[]> {
    return this.notes.find();
  }

  @Post()
  add(@CurrentTenant() tenant: Tenant): Promise<Note> {
    return this.notes.save({ body: `a note of ${tenant.id}` });
  }
}

@Module({
  imports: [
    TenancyModule.forRoot({
      store: new InMemoryTenantStore([
        { id: 'acme', schema: 't_acme' },
        { id: 'globex', schema: 't_globex' },
      ]),
      database: { url: process.env.DATABASE_URL, entities: [Note], migrations: [CreateNotes1700000000000] },
    }),
    TypeOrmModule.forFeature([Note]),
  ],
  controllers: [NotesController],
})
class AppModule {}

const adapter = process.argv[2] === 'fastify' ? new FastifyAdapter() : new ExpressAdapter();
const app = await NestFactory.create(AppModule, adapter, { logger: ['error'] });
app.enableShutdownHooks();
for (const id of ['acme', 'globex']) {
  const tenant = await app.get(TenantService).getTenant(id);
  // Each start begins anew.
  await app.get(TenantSchemaService).drop(tenant);
  await app.get(TenantSchemaService).create(tenant);
}
await app.listen(0, '127.0.0.1');
console.log(await app.getUrl());
