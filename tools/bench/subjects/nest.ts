import { validationPipe } from '@cartwheel/http';
import { Controller } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type CustomTransportStrategy, Ctx, EventPattern, Payload } from '@nestjs/microservices';
import 'reflect-metadata';

/** Listens with this strategy; `handle` is called through Nest, as a method of a controller is. */
export async function nestWith<Context>(
  strategy: CustomTransportStrategy,
  pattern: string,
  handle: (data: unknown, context: Context) => Promise<void>,
): Promise<void> {
  class Bench {}
  // Node runs this file as it is, and knows no decorators: so they are called.
  const method = {
    value: (data: unknown, ...[context]: unknown[]) => handle(data, context as Context),
    writable: true,
    configurable: true,
  };
  Object.defineProperty(Bench.prototype, 'handle', method);
  Controller()(Bench);
  EventPattern(pattern, strategy.transportId as symbol)(Bench.prototype, 'handle', method);
  Payload()(Bench.prototype, 'handle', 0);
  Ctx()(Bench.prototype, 'handle', 1);
  const app = await NestFactory.createMicroservice(
    { module: class {}, controllers: [Bench] },
    { strategy, logger: false },
  );
  app.useGlobalPipes(validationPipe());
  await app.listen();
}
