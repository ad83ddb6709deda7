import { Module, type OnModuleInit } from '@nestjs/common';
import { CancelOrderController } from './cancel-order/cancel-order.controller.ts';
import { CancelOrderOnPaymentCaptureFailed } from './cancel-order/on-payment-capture-failed.consumer.ts';
import { CancelOrderOnPaymentDeclined } from './cancel-order/on-payment-declined.consumer.ts';
import { CancelOrderOnStockRejected } from './cancel-order/on-stock-rejected.consumer.ts';
import { CompleteOrderOnPaymentReceived } from './complete-order/on-payment-received.consumer.ts';
import { ConfirmOrderOnPaymentAuthorized } from './confirm-order/on-payment-authorized.consumer.ts';
import { ConfirmOrderOnStockReserved } from './confirm-order/on-stock-reserved.consumer.ts';
import { beginCounting } from './count-orders/count-orders.ts';
import { GetOrderController } from './get-order/get-order.controller.ts';
import { ListOrdersController } from './list-orders/list-orders.controller.ts';
import { ListProductsController } from './list-products/list-products.controller.ts';
import { OrderRepository } from './order.repository.ts';
import { config } from './config.ts';
import { Backpressure } from './place-order/backpressure.ts';
import { Catalogue } from './place-order/catalogue.ts';
import { PlaceOrder } from './place-order/place-order.ts';
import { PlaceOrderController } from './place-order/place-order.controller.ts';
import { RefundOrderOnPaymentRefunded } from './refund-order/on-payment-refunded.consumer.ts';
import { OrderWatch } from './stream-order/order-watch.ts';
import { StreamOrderController } from './stream-order/stream-order.controller.ts';
import { TimeOutOrder } from './time-out-order/time-out-order.job.ts';

@Module({
  controllers: [
    // asked over HTTP
    ListProductsController,
    PlaceOrderController,
    ListOrdersController,
    GetOrderController,
    StreamOrderController,
    CancelOrderController,
    // when payment and stock have answered
    ConfirmOrderOnPaymentAuthorized,
    ConfirmOrderOnStockReserved,
    // when the money is in
    CompleteOrderOnPaymentReceived,
    // when it cannot be
    CancelOrderOnPaymentDeclined,
    CancelOrderOnStockRejected,
    CancelOrderOnPaymentCaptureFailed,
    // when it is back
    RefundOrderOnPaymentRefunded,
  ],
  providers: [
    OrderRepository,
    Catalogue,
    PlaceOrder,
    { provide: Backpressure, useValue: new Backpressure(config.OUTBOX_MAX_AGE_MS) },
    TimeOutOrder,
    OrderWatch,
  ],
})
export class OrderModule implements OnModuleInit {
  onModuleInit() {
    beginCounting();
  }
}
