import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Template } from 'communication-schema';
import { ProblemException } from 'problem-details';
import { MoreThan, Repository } from 'typeorm';
import { pageOf } from '../lists/page.js';
import type { CreateTemplate, ListTemplates, TemplateSummary } from './template.schemas.js';

@Injectable()
export class TemplatesService {
  constructor(@InjectRepository(Template) private readonly templates: Repository<Template>) {}

  /** In the order of their ids, without their bodies: those of a page are megabytes. */
  async list({ limit, cursor }: ListTemplates): Promise<{ page: TemplateSummary[]; next?: string }> {
    const found = await this.templates.find({
      select: { id: true, channel: true, subject: true, createdAt: true },
      where: cursor === undefined ? {} : { id: MoreThan(cursor) },
      order: { id: 'ASC' },
      take: limit + 1,
    });
    return pageOf(found, limit);
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
