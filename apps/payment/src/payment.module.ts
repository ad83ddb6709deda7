import { Module } from '@nestjs/common';
import { AuthorizePaymentWorker } from './authorize-payment/authorize-payment.worker.ts';
import { AuthorizePaymentOnOrderPlaced } from './authorize-payment/on-order-placed.consumer.ts';
import { CapturePaymentWorker } from './capture-payment/capture-payment.worker.ts';
import { CapturePaymentOnOrderConfirmed } from './capture-payment/on-order-confirmed.consumer.ts';
import { config } from './config.ts';
import { PaymentGateway } from './gateway/payment-gateway.ts';
import { StripeGateway } from './gateway/stripe-gateway.ts';
import { GetPaymentController } from './get-payment/get-payment.controller.ts';
import { PaymentRepository } from './payment.repository.ts';
import { KeepRawBody } from './receive-webhook/keep-raw-body.ts';
import { ReceiveWebhookController } from './receive-webhook/receive-webhook.controller.ts';
import { ReceiveWebhook } from './receive-webhook/receive-webhook.ts';
import { WebhookSignature } from './receive-webhook/webhook-signature.ts';
import { RefundPaymentOnRefundRequested } from './refund-payment/on-refund-requested.consumer.ts';
import { RefundPaymentWorker } from './refund-payment/refund-payment.worker.ts';
import { VoidPaymentOnOrderCancelled } from './void-payment/on-order-cancelled.consumer.ts';
import { VoidPaymentWorker } from './void-payment/void-payment.worker.ts';

const gatewaySettings = {
  url: config.GATEWAY_URL,
  apiKey: config.GATEWAY_API_KEY,
  timeoutMs: config.GATEWAY_TIMEOUT_MS,
};

@Module({
  controllers: [
    // asked over HTTP
    GetPaymentController,
    // when the order is placed: hold the money
    AuthorizePaymentOnOrderPlaced,
    AuthorizePaymentWorker,
    // when it is confirmed: take it
    CapturePaymentOnOrderConfirmed,
    CapturePaymentWorker,
    // when it is cancelled: let it go
    VoidPaymentOnOrderCancelled,
    VoidPaymentWorker,
    // when a refund is due: give it back
    RefundPaymentOnRefundRequested,
    RefundPaymentWorker,
    // when the gateway has news of a payment
    ReceiveWebhookController,
  ],
  providers: [
    PaymentRepository,
    ReceiveWebhook,
    KeepRawBody,
    { provide: WebhookSignature, useFactory: () => new WebhookSignature(config.GATEWAY_WEBHOOK_SECRET) },
    { provide: PaymentGateway, useFactory: () => new StripeGateway(gatewaySettings) },
  ],
})
export class PaymentModule {}
