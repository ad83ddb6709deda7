import { runService } from '@cartwheel/service';
import { config } from './config.ts';
import { heldPayments } from './count-payments/held-payments.ts';
import { PaymentModule } from './payment.module.ts';
import { lockPayments } from './payment.repository.ts';
import { entities } from './entities.ts';
import { schemas } from './payment.schema.ts';
import { CARD_TASKS, PAYMENT } from './payment.transports.ts';
import { tellTrail } from './tell-trail/tell-trail.ts';

await runService({
  name: 'payment',
  config,
  module: PaymentModule,
  schemas,
  entities,
  consumers: [{ group: 'payment', transportId: PAYMENT, locks: lockPayments }],
  workers: [{ queue: 'payment.card', transportId: CARD_TASKS, prefetch: 8 }],
  tellTrail,
  samples: [heldPayments],
});
