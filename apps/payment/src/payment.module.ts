import { Module } from '@nestjs/common';
import { AuthorizePaymentWorker } from './authorize-payment/authorize-payment.worker.ts';
import { AuthorizePaymentOnOrderPlaced } from './authorize-payment/on-order-placed.consumer.ts';
import { CapturePaymentWorker } from './capture-payment/capture-payment.worker.ts';
import { CapturePaymentOnOrderConfirmed } from './capture-payment/on-order-confirmed.consumer.ts';
import { PaymentGateway } from './gateway/payment-gateway.ts';
import { StripeGateway } from './gateway/stripe-gateway.ts';
import { GetPaymentController } from './get-payment/get-payment.controller.ts';
import { PaymentRepository } from './payment.repository.ts';
import { VoidPaymentOnOrderCancelled } from './void-payment/on-order-cancelled.consumer.ts';
import { VoidPaymentWorker } from './void-payment/void-payment.worker.ts';

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
    // when it is cancelled: give it back
    VoidPaymentOnOrderCancelled,
    VoidPaymentWorker,
  ],
  providers: [PaymentRepository, { provide: PaymentGateway, useClass: StripeGateway }],
})
export class PaymentModule {}
