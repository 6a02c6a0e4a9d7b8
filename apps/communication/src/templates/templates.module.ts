import { Module } from '@nestjs/common';
import { Template } from 'communication-schema';
import { TenancyModule } from 'nestjs-tenancy';
import { TemplatesController } from './templates.controller.js';
import { TemplatesService } from './templates.service.js';

@Module({
  imports: [TenancyModule.forFeature([Template])],
  controllers: [TemplatesController],
  providers: [TemplatesService],
  exports: [TemplatesService],
})
export class TemplatesModule {}
