import { Controller, Headers, HttpCode, Post, type RawBodyRequest, Req } from '@nestjs/common';
import { ApiOkResponse } from '@nestjs/swagger';
import { Problems } from '@cartwheel/http';
import type { FastifyRequest } from 'fastify';
import { WebhookReceived } from '../payment.responses.ts';
import { ReceiveWebhook } from './receive-webhook.ts';
import { WebhookSignature } from './webhook-signature.ts';

@Controller('gateway')
export class ReceiveWebhookController {
  constructor(
    private readonly signature: WebhookSignature,
    private readonly webhooks: ReceiveWebhook,
  ) {}

  @Post('webhooks')
  @HttpCode(200)
  @Problems('webhook-signature-invalid', 'webhooks-not-accepted', 'gateway-unavailable')
  @ApiOkResponse({ standardSchema: WebhookReceived })
  async receive(@Req() request: RawBodyRequest<FastifyRequest>, @Headers('stripe-signature') signature = '') {
    await this.webhooks.execute(this.signature.verify(request.rawBody, signature));
    return { received: true };
  }
}
