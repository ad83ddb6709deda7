import { Injectable, type OnModuleInit, type RawBodyRequest } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Transform } from 'node:stream';

const ROUTE = '/gateway/webhooks';

/** A signature is of the bytes that were sent. JSON that was read and written again has others, so this route keeps them. */
@Injectable()
export class KeepRawBody implements OnModuleInit {
  constructor(private readonly host: HttpAdapterHost) {}

  onModuleInit(): void {
    const fastify = this.host.httpAdapter.getInstance<FastifyInstance>();
    fastify.addHook('preParsing', async (request: RawBodyRequest<FastifyRequest>, _reply, body) => {
      if (request.routeOptions.url !== ROUTE) return body;
      const chunks: Buffer[] = [];
      return body.pipe(
        new Transform({
          transform(chunk: Buffer, _encoding, done) {
            chunks.push(chunk);
            done(null, chunk);
          },
          flush(done) {
            request.rawBody = Buffer.concat(chunks);
            done();
          },
        }),
      );
    });
  }
}
