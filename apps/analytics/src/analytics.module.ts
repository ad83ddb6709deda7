import { Module } from '@nestjs/common';
import { ListGapsController } from './find-gaps/list-gaps.controller.ts';
import { WatchGaps } from './find-gaps/watch-gaps.job.ts';
import { ListFactsController } from './list-facts/list-facts.controller.ts';
import { CountLinesOnOrderCompleted } from './rank-products/on-order-completed.projection.ts';
import { ForgetLinesOnOrderCancelled } from './rank-products/on-order-cancelled.projection.ts';
import { KeepLinesOnOrderPlaced } from './rank-products/on-order-placed.projection.ts';
import { RankProductsController } from './rank-products/rank-products.controller.ts';
import { RecordFactOnEveryFact } from './record-fact/on-every-fact.projection.ts';
import { EnterFunnelOnOrderPlaced } from './report-funnel/on-order-placed.projection.ts';
import { NoteCompletedOnOrderCompleted } from './report-funnel/on-order-completed.projection.ts';
import { NoteConfirmedOnOrderConfirmed } from './report-funnel/on-order-confirmed.projection.ts';
import { NoteReasonOnOrderCancelled } from './report-funnel/on-order-cancelled.projection.ts';
import { NoteRefundedOnOrderRefunded } from './report-funnel/on-order-refunded.projection.ts';
import { ReportFunnelController } from './report-funnel/report-funnel.controller.ts';
import { CountRefundOnOrderRefunded } from './report-sales/on-order-refunded.projection.ts';
import { CountSaleOnOrderCompleted } from './report-sales/on-order-completed.projection.ts';
import { ReportSalesController } from './report-sales/report-sales.controller.ts';
import { StartTimingOnOrderPlaced } from './time-completion/on-order-placed.projection.ts';
import { StopTimingOnOrderCompleted } from './time-completion/on-order-completed.projection.ts';
import { TimeCompletionController } from './time-completion/time-completion.controller.ts';

const audit = [RecordFactOnEveryFact, ListFactsController, ListGapsController];
const sales = [CountSaleOnOrderCompleted, CountRefundOnOrderRefunded, ReportSalesController];
const funnel = [
  EnterFunnelOnOrderPlaced,
  NoteConfirmedOnOrderConfirmed,
  NoteCompletedOnOrderCompleted,
  NoteRefundedOnOrderRefunded,
  NoteReasonOnOrderCancelled,
  ReportFunnelController,
];
const topProducts = [
  KeepLinesOnOrderPlaced,
  CountLinesOnOrderCompleted,
  ForgetLinesOnOrderCancelled,
  RankProductsController,
];
const completion = [StartTimingOnOrderPlaced, StopTimingOnOrderCompleted, TimeCompletionController];

@Module({
  controllers: [...audit, ...sales, ...funnel, ...topProducts, ...completion],
  providers: [WatchGaps],
})
export class AnalyticsModule {}
