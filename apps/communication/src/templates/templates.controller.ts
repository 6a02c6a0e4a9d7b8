import { Body, Controller, Get, Param, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Template } from 'communication-schema';
import { ApiProblem } from '../docs/api-problem.js';
import type { CreateTemplate } from './template.schemas.js';
import { createTemplate, templateId, templateList, templateView } from './template.schemas.js';
import { TemplatesService } from './templates.service.js';

@ApiTags('templates')
@Controller(['templates', 'tenants/:tenantId/templates'])
export class TemplatesController {
  constructor(private readonly templates: TemplatesService) {}

  @Get()
  @ApiOperation({ summary: 'The templates of the tenant' })
  @ApiOkResponse({ standardSchema: templateList })
  async list(): Promise<{ templates: Template[] }> {
    return { templates: await this.templates.list() };
  }

  @Post()
  @ApiOperation({ summary: 'Make a template; {{name}} in it stands for a variable' })
  @ApiCreatedResponse({ standardSchema: templateView })
  @ApiProblem(409, 'TEMPLATE_EXISTS')
  create(@Body({ schema: createTemplate }) body: CreateTemplate): Promise<Template> {
    return this.templates.create(body);
  }

  @Get(':id')
  @ApiOperation({ summary: 'One template' })
  @ApiOkResponse({ standardSchema: templateView })
  @ApiProblem(404, 'TEMPLATE_NOT_FOUND')
  read(@Param('id', { schema: templateId }) id: string): Promise<Template> {
    return this.templates.get(id);
  }
}
