import type { ServerResponse } from 'node:http';
import { Controller, Get, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import { ProblemException } from 'problem-details';
import { ApiProblems } from '../docs/api-problems.decorator.js';
import { ChangeStreams } from './change-streams.js';

const RETRY_AFTER_SECONDS = 5;

@ApiTags('changes')
@ApiBearerAuth()
@Controller('changes')
export class ChangesController {
  constructor(private readonly streams: ChangeStreams) {}

  @Get()
  @ApiOperation({
    summary: 'A stream of server-sent events: the id of each tenant that is made, changed or deleted',
    description:
      '`ready`: every change is told from here on, and those of before may have been missed. `changed` with `{"id":"acme"}`. ' +
      '`lost`: no change is told until `ready`. `heartbeat` every three seconds.',
  })
  @ApiProduces('text/event-stream')
  @ApiOkResponse({ description: 'It goes on until either side ends it.' })
  @ApiProblems({ 401: 'UNAUTHENTICATED', 503: 'TOO_MANY_STREAMS' })
  follow(@Res() response: ServerResponse): void {
    if (this.streams.isFull) {
      const detail = 'As many instances as may follow the changes do so, or the service stops. Try again.';
      throw new ProblemException(503, 'TOO_MANY_STREAMS', detail, undefined, RETRY_AFTER_SECONDS);
    }
    this.streams.add(response);
  }
}
