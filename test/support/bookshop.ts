import {
  BaseEntity,
  ChildEntity,
  Column,
  DataSource,
  DeleteDateColumn,
  Entity,
  EntitySchema,
  JoinColumn,
  JoinTable,
  ManyToMany,
  ManyToOne,
  OneToMany,
  PrimaryColumn,
  TableInheritance,
  Tree,
  TreeChildren,
  TreeParent,
} from 'typeorm';
import type { TestDatabase } from './test-database.js';

@Entity('authors')
export class Author {
  @PrimaryColumn('int') id: number;
  @Column('text') name: string;
  @OneToMany(() => Book, (book) => book.author, { lazy: true }) books: Promise<Book[]>;
  @ManyToOne(() => Author, { nullable: true, lazy: true }) agent: Promise<Author | null>;
}

export class Print {
  @Column('int', { default: 0 }) pages: number;
  @ManyToOne(() => Author, { nullable: true })
  @JoinColumn({ name: 'translatorId' })
  translator?: Author | null;
}

@Entity('books')
@TableInheritance({ column: { type: 'text', name: 'kind' } })
export class Book {
  @PrimaryColumn('int') id: number;
  @Column('text') title: string;
  @Column('int', { default: 0 }) sold: number;
  @ManyToOne(() => Author, { nullable: true }) author?: Author | null;
  @Column(() => Print, { prefix: false }) print: Print;
  @ManyToMany(() => Label)
  @JoinTable({ name: 'book_labels' })
  labels: Label[];
  @OneToMany(() => Review, (review) => review.book, { cascade: true }) reviews: Review[];
  @DeleteDateColumn() deletedAt?: Date | null;
}

@ChildEntity('novel')
export class Novel extends Book {
  @ManyToOne(() => Author, { nullable: true }) hero?: Author | null;
}

@Entity('labels')
export class Label {
  @PrimaryColumn('int') id: number;
}

@Entity('reviews')
export class Review {
  @PrimaryColumn('int') id: number;
  @Column('text') text: string;
  @ManyToOne(() => Book, (book) => book.reviews, { nullable: true, eager: true }) book?: Book | null;
}

/** An entity that is its own repository. */
@Entity('shelves')
export class Shelf extends BaseEntity {
  @PrimaryColumn('int') id: number;
  @Column('text') place: string;
}

@Entity('subjects')
@Tree('closure-table')
export class Subject {
  @PrimaryColumn('int') id: number;
  @TreeChildren() children: Subject[];
  @TreeParent() parent: Subject | null;
}

export interface Price {
  id: number;
  amount: number;
}

/** Its entities are plain objects. */
export const PriceSchema = new EntitySchema<Price>({
  name: 'Price',
  tableName: 'prices',
  columns: { id: { type: 'int', primary: true }, amount: { type: 'int' } },
});

/** One for all tenants. */
@Entity('currencies', { schema: 'public' })
export class Currency {
  @PrimaryColumn('text') code: string;
  @Column('text') name: string;
}

export const BOOKSHOP = [Author, Book, Novel, Label, Review, Shelf, Subject, PriceSchema, Currency];

/** The tables of a bookshop in the schemas of tenants, for the database's app role. */
export async function createBookshop(database: TestDatabase, schemas: readonly string[]): Promise<void> {
  for (const schema of schemas) {
    await database.query(`CREATE SCHEMA ${schema}`);
    const maker = new DataSource({
      type: 'postgres',
      url: database.url,
      schema,
      entities: BOOKSHOP,
      synchronize: true,
    });
    await maker.initialize();
    await maker.destroy();
  }
  for (const schema of [...schemas, 'public']) {
    await database.query(`GRANT ALL ON SCHEMA ${schema} TO ${database.appRole}`);
    await database.query(`GRANT ALL ON ALL TABLES IN SCHEMA ${schema} TO ${database.appRole}`);
  }
}

/** Rows of the same ids for each tenant; what they say is whose they are. */
export async function fillBookshop(database: TestDatabase, schema: string, owner: string): Promise<void> {
  const tables = 'book_labels reviews books authors labels shelves subjects_closure subjects prices'.split(' ');
  await database.query(`
    ${tables.map((table) => `DELETE FROM ${schema}.${table};`).join(' ')}
    INSERT INTO ${schema}.authors (id, name, "agentId")
      VALUES (1, 'author of ${owner}', 2), (2, 'other author of ${owner}', NULL);
    INSERT INTO ${schema}.books (id, title, kind, "authorId", "translatorId", "heroId")
      VALUES (1, 'book of ${owner}', 'Book', 1, 2, NULL), (2, 'novel of ${owner}', 'novel', 1, 2, 2);
    INSERT INTO ${schema}.labels VALUES (1), (2);
    INSERT INTO ${schema}.book_labels VALUES (1, 1);
    INSERT INTO ${schema}.reviews VALUES (1, 'review of ${owner}', 1);
    INSERT INTO ${schema}.shelves VALUES (1, 'shelf of ${owner}');
    INSERT INTO ${schema}.subjects VALUES (1, NULL), (2, 1);
    INSERT INTO ${schema}.subjects_closure VALUES (1, 1), (1, 2), (2, 2);
    INSERT INTO ${schema}.prices VALUES (1, ${owner.length})`);
}
