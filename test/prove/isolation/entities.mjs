import { EntitySchema } from 'typeorm';

export class Note {}
export class Reply {}

const columns = {
  id: { type: 'int', primary: true, generated: true },
  owner: { type: 'text' },
  body: { type: 'text' },
};

export const ENTITIES = [
  new EntitySchema({
    name: 'Note',
    target: Note,
    tableName: 'notes',
    columns,
    relations: { replies: { type: 'one-to-many', target: 'Reply', inverseSide: 'note', lazy: true } },
  }),
  new EntitySchema({
    name: 'Reply',
    target: Reply,
    tableName: 'replies',
    columns,
    relations: { note: { type: 'many-to-one', target: 'Note', inverseSide: 'replies' } },
  }),
];
