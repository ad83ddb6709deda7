import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { ApiParam } from '@nestjs/swagger';
import { documented } from '@cartwheel/http';
import { isId } from '@cartwheel/primitives';
import type { FastifyRequest } from 'fastify';
import { orderNotFound } from './order.responses.ts';

/** The `:id` of an address. What is no id at all is an order that does not exist. */
export const OrderId = createParamDecorator(
  (_: unknown, context: ExecutionContext): string => {
    const { id } = context.switchToHttp().getRequest<FastifyRequest<{ Params: { id: string } }>>().params;
    if (!isId(id)) throw orderNotFound();
    return id;
  },
  [documented(ApiParam({ name: 'id', schema: { type: 'string', format: 'uuid' } }))],
);
