import type { Server } from 'node:http';
import type { OnApplicationBootstrap, OnModuleDestroy } from '@nestjs/common';
import { Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';

/** How long the headers of a request may take to arrive, and all of it, in milliseconds. */
const HEADERS_TIMEOUT = 15_000;
const REQUEST_TIMEOUT = 60_000;
/** How long those that are there may still take when the service stops: what stops it with force waits for 10 seconds. */
const STOP_GRACE = 4_000;

/** Waits for no client for long: neither for its requests, nor for the last of them when the service stops. */
@Injectable()
export class RequestDeadlines implements OnApplicationBootstrap, OnModuleDestroy {
  constructor(private readonly adapterHost: HttpAdapterHost) {}

  onApplicationBootstrap(): void {
    if (!this.server) return;
    this.server.headersTimeout = HEADERS_TIMEOUT;
    this.server.requestTimeout = REQUEST_TIMEOUT;
  }

  /** Queues and databases are closed once the last request has ended, and one that never ends would keep them open. */
  onModuleDestroy(): void {
    const { server } = this;
    if (!server?.listening) return;
    // Again and again: it listens until whatever else ends before it has ended.
    const timer = setInterval(() => server.closeAllConnections(), STOP_GRACE);
    server.once('close', () => clearInterval(timer));
  }

  /** There is none where the application serves no HTTP. */
  private get server(): Server | undefined {
    return (this.adapterHost.httpAdapter as HttpAdapterHost['httpAdapter'] | undefined)?.getHttpServer() as
      Server | undefined;
  }
}
