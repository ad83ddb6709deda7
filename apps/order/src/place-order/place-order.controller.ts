import { Body, Controller, HttpCode, Post, Res } from '@nestjs/common';
import { ApiAcceptedResponse } from '@nestjs/swagger';
import type { Cause } from '@cartwheel/contracts';
import { IDEMPOTENCY_PROBLEMS, IdempotencyKey, once, Problems, RequestCause } from '@cartwheel/http';
import { UnitOfWork } from '@cartwheel/outbox';
import type { FastifyReply } from 'fastify';
import { Receipt } from '../order.responses.ts';
import { Checkout } from './checkout.ts';
import { PlaceOrder } from './place-order.ts';

@Controller('checkout')
export class PlaceOrderController {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly placeOrder: PlaceOrder,
  ) {}

  @Post()
  @HttpCode(202)
  @Problems(...IDEMPOTENCY_PROBLEMS, 'unknown-product', 'outbox-too-old')
  @ApiAcceptedResponse({ standardSchema: Receipt, headers: { Location: { schema: { type: 'string' } } } })
  async place(
    @IdempotencyKey() key: string,
    @Body({ schema: Checkout }) request: Checkout,
    @RequestCause() cause: Cause,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const receipt = await this.unitOfWork.run(cause, (tx) =>
      once(tx, key, request, () => this.placeOrder.execute(tx, request)),
    );
    void reply.header('location', `/orders/${receipt.orderId}`);
    return receipt;
  }
}
