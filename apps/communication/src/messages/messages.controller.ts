import { Body, Controller, Get, Headers, HttpCode, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiAcceptedResponse, ApiHeader, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { pathOf } from 'nestjs-tenancy';
import { ApiProblem } from '../docs/api-problem.js';
import { parseIdempotencyKey } from './idempotency-key.js';
import type { CreateMessage, ListMessages } from './message.schemas.js';
import { createMessage, listMessages, messageId } from './message.schemas.js';
import { acceptedView, messageList, messageView, summaryOf, viewOf } from './message.view.js';
import { MessagesService } from './messages.service.js';

@ApiTags('messages')
@Controller(['messages', 'tenants/:tenantId/messages'])
export class MessagesController {
  constructor(private readonly messages: MessagesService) {}

  @Post()
  @HttpCode(202)
  @ApiOperation({ summary: 'Send a message, which is queued and sent as soon as possible' })
  @ApiHeader({
    name: 'Idempotency-Key',
    required: false,
    description: 'The same key with the same request is the same message, however often it is sent.',
    schema: { type: 'string', minLength: 1, maxLength: 255 },
  })
  @ApiAcceptedResponse({
    standardSchema: acceptedView,
    headers: { Location: { description: 'Where the message is.', schema: { type: 'string' } } },
  })
  @ApiProblem(400, 'VALIDATION_FAILED', 'TEMPLATE_VARIABLE_MISSING', 'BODY_NOT_JSON')
  @ApiProblem(404, 'TEMPLATE_NOT_FOUND', 'TENANT_NOT_FOUND')
  @ApiProblem(409, 'IDEMPOTENCY_KEY_REUSED', 'CHANNEL_DISABLED', 'SENDER_MISSING')
  @ApiProblem(413, 'BODY_TOO_LARGE')
  @ApiProblem(503, 'QUEUE_UNAVAILABLE', 'TENANT_SERVICE_UNAVAILABLE')
  async send(
    @Body({ schema: createMessage }) body: CreateMessage,
    @Headers('idempotency-key') key: string | undefined,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ) {
    const id = await this.messages.accept(body, parseIdempotencyKey(key));
    response.setHeader('Location', `${pathOf(request).replace(/\/+$/, '')}/${id}`);
    return { id, status: 'queued' as const };
  }

  @Get()
  @ApiOperation({ summary: 'The messages of the tenant, the newest first' })
  @ApiOkResponse({ standardSchema: messageList })
  async list(@Query({ schema: listMessages }) asked: ListMessages) {
    const { page, ...next } = await this.messages.list(asked);
    return { messages: page.map(summaryOf), ...next };
  }

  @Get(':id')
  @ApiOperation({ summary: 'One message, with each attempt to send it' })
  @ApiOkResponse({ standardSchema: messageView })
  @ApiProblem(404, 'MESSAGE_NOT_FOUND', 'TENANT_NOT_FOUND')
  async read(@Param('id', { schema: messageId }) id: string) {
    return viewOf(await this.messages.get(id));
  }
}
