import { runService } from '@cartwheel/service';
import { config } from './config.ts';
import { countOrders } from './count-orders/count-orders.ts';
import { openOrders } from './count-orders/open-orders.ts';
import { OrderModule } from './order.module.ts';
import { lockOrders } from './order.repository.ts';
import { entities } from './entities.ts';
import { schemas } from './order.schema.ts';
import { tellTrail } from './tell-trail/tell-trail.ts';

await runService({
  name: 'order',
  config,
  module: OrderModule,
  schemas,
  entities,
  consumers: [{ group: 'order', locks: lockOrders }],
  tellTrail,
  samples: [openOrders],
  onPublished: countOrders,
});
