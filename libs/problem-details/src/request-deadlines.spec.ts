import { once } from 'node:events';
import { connect } from 'node:net';
import { Body, Controller, Module, Post } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import { adapters, startApp } from '../../../test/support/start-app.js';
import { RequestDeadlines } from './request-deadlines.js';

@Controller()
class NotesController {
  @Post('notes')
  add(@Body() body: unknown): unknown {
    return body;
  }
}

@Module({ controllers: [NotesController], providers: [RequestDeadlines] })
class AppModule {}

describe.each(adapters)('a service on %s', (adapter) => {
  it('waits for a request to arrive for no longer than a minute', async () => {
    const { app } = await startApp(AppModule, adapter);
    expect(app.getHttpServer()).toMatchObject({ headersTimeout: 15_000, requestTimeout: 60_000 });
    await app.close();
  });

  it('stops though a request is still arriving, byte by byte', async () => {
    const { app } = await startApp(AppModule, adapter);
    const socket = connect(Number(new URL(await app.getUrl()).port), '127.0.0.1');
    socket.on('error', () => undefined);
    const arrived = once(app.getHttpServer(), 'request');
    socket.write(
      'POST /notes HTTP/1.1\r\nHost: notes\r\nContent-Type: application/json\r\nContent-Length: 9999\r\n\r\n',
    );
    const timer = setInterval(() => socket.write('{'), 100);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    try {
      await arrived;
      await app.close();
      await closed;
    } finally {
      clearInterval(timer);
      socket.destroy();
    }
  });
});
