import { runService } from '@cartwheel/service';
import { config } from './config.ts';
import { heldPayments } from './count-payments/held-payments.ts';
import { PaymentModule } from './payment.module.ts';
import { lockPayments } from './payment.repository.ts';
import { entities } from './entities.ts';
import { schemas } from './payment.schema.ts';
import { tellTrail } from './tell-trail/tell-trail.ts';

await runService({
  name: 'payment',
  config,
  module: PaymentModule,
  schemas,
  entities,
  consumers: [{ group: 'payment', locks: lockPayments }],
  tasks: { rabbitmqUrl: config.RABBITMQ_URL, workers: [{ queue: 'payment.card', prefetch: 8 }] },
  tellTrail,
  samples: [heldPayments],
});
