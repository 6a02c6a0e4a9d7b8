import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Template } from 'communication-schema';
import { ApiProblem } from '../docs/api-problem.js';
import type { CreateTemplate, ListTemplates, TemplateSummary } from './template.schemas.js';
import { createTemplate, listTemplates, templateId, templateList, templateView } from './template.schemas.js';
import { TemplatesService } from './templates.service.js';

@ApiTags('templates')
@Controller(['templates', 'tenants/:tenantId/templates'])
export class TemplatesController {
  constructor(private readonly templates: TemplatesService) {}

  @Get()
  @ApiOperation({ summary: 'The templates of the tenant, in the order of their ids' })
  @ApiOkResponse({ standardSchema: templateList })
  async list(
    @Query({ schema: listTemplates }) asked: ListTemplates,
  ): Promise<{ templates: TemplateSummary[]; next?: string }> {
    const { page, ...next } = await this.templates.list(asked);
    return { templates: page, ...next };
  }

  @Post()
  @ApiOperation({ summary: 'Make a template; {{name}} in it stands for a variable' })
  @ApiCreatedResponse({ standardSchema: templateView })
  @ApiProblem(409, 'TEMPLATE_EXISTS')
  create(@Body({ schema: createTemplate }) body: CreateTemplate): Promise<Template> {
    return this.templates.create(body);
  }

  @Get(':id')
  @ApiOperation({ summary: 'One template, with its body' })
  @ApiOkResponse({ standardSchema: templateView })
  @ApiProblem(404, 'TEMPLATE_NOT_FOUND')
  read(@Param('id', { schema: templateId }) id: string): Promise<Template> {
    return this.templates.get(id);
  }
}
