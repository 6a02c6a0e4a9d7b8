import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Template } from 'communication-schema';
import { ProblemException } from 'problem-details';
import { Repository } from 'typeorm';
import type { CreateTemplate } from './template.schemas.js';

// A tenant has a handful; whoever makes thousands of them gets those that come first.
const LIST_LIMIT = 500;

@Injectable()
export class TemplatesService {
  constructor(@InjectRepository(Template) private readonly templates: Repository<Template>) {}

  list(): Promise<Template[]> {
    return this.templates.find({ order: { id: 'ASC' }, take: LIST_LIMIT });
  }

  /** Throws 404 TEMPLATE_NOT_FOUND. */
  async get(id: string): Promise<Template> {
    const template = await this.templates.findOneBy({ id });
    if (template) return template;
    throw new ProblemException(404, 'TEMPLATE_NOT_FOUND', `There is no template "${id}". List them at /templates.`);
  }

  /** Throws 409 TEMPLATE_EXISTS: a template is never changed under a message that was written for it. */
  async create({ id, channel, subject, body }: CreateTemplate): Promise<Template> {
    const { raw } = await this.templates
      .createQueryBuilder()
      .insert()
      .values({ id, channel, subject: subject ?? null, body })
      .orIgnore()
      .returning('*')
      .execute();
    if ((raw as unknown[]).length > 0) return this.get(id);
    throw new ProblemException(409, 'TEMPLATE_EXISTS', `There is a template "${id}" already. Choose another id.`);
  }
}
