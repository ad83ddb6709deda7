import { Module } from '@nestjs/common';
import { EndReservation } from './end-reservation.ts';
import { GetStockController } from './get-stock/get-stock.controller.ts';
import { ReleaseStockOnOrderCancelled } from './release-stock/on-order-cancelled.consumer.ts';
import { ReplenishStockController } from './replenish-stock/replenish-stock.controller.ts';
import { ReplenishStock } from './replenish-stock/replenish-stock.ts';
import { ReserveStockOnOrderPlaced } from './reserve-stock/on-order-placed.consumer.ts';
import { ReserveStock } from './reserve-stock/reserve-stock.ts';
import { ReturnStockOnOrderRefunded } from './return-stock/on-order-refunded.consumer.ts';
import { ShipStockOnOrderCompleted } from './ship-stock/on-order-completed.consumer.ts';
import { StockRepository } from './stock.repository.ts';

@Module({
  controllers: [
    // asked over HTTP
    GetStockController,
    ReplenishStockController,
    // when the order says so
    ReserveStockOnOrderPlaced,
    ReleaseStockOnOrderCancelled,
    ShipStockOnOrderCompleted,
    ReturnStockOnOrderRefunded,
  ],
  providers: [StockRepository, ReserveStock, EndReservation, ReplenishStock],
})
export class InventoryModule {}
