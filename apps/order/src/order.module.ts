import { Module } from '@nestjs/common';
import { CancelOrderOnPaymentCaptureFailed } from './cancel-order/on-payment-capture-failed.consumer.ts';
import { CancelOrderOnPaymentDeclined } from './cancel-order/on-payment-declined.consumer.ts';
import { CancelOrderOnStockRejected } from './cancel-order/on-stock-rejected.consumer.ts';
import { CompleteOrderOnPaymentReceived } from './complete-order/on-payment-received.consumer.ts';
import { ConfirmOrderOnPaymentAuthorized } from './confirm-order/on-payment-authorized.consumer.ts';
import { ConfirmOrderOnStockReserved } from './confirm-order/on-stock-reserved.consumer.ts';
import { GetOrderController } from './get-order/get-order.controller.ts';
import { ListProductsController } from './list-products/list-products.controller.ts';
import { OrderRepository } from './order.repository.ts';
import { Catalogue } from './place-order/catalogue.ts';
import { PlaceOrder } from './place-order/place-order.ts';
import { PlaceOrderController } from './place-order/place-order.controller.ts';
import { TimeOutOrder } from './time-out-order/time-out-order.job.ts';

@Module({
  controllers: [
    // asked over HTTP
    ListProductsController,
    PlaceOrderController,
    GetOrderController,
    // when payment and stock have answered
    ConfirmOrderOnPaymentAuthorized,
    ConfirmOrderOnStockReserved,
    // when the money is in
    CompleteOrderOnPaymentReceived,
    // when it cannot be
    CancelOrderOnPaymentDeclined,
    CancelOrderOnStockRejected,
    CancelOrderOnPaymentCaptureFailed,
  ],
  providers: [OrderRepository, Catalogue, PlaceOrder, TimeOutOrder],
})
export class OrderModule {}
