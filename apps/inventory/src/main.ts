import { runService } from '@cartwheel/service';
import { config } from './config.ts';
import { heldReservations } from './count-reservations/held-reservations.ts';
import { InventoryModule } from './inventory.module.ts';
import { entities } from './entities.ts';
import { schemas } from './inventory.schema.ts';
import { lockStock } from './stock.repository.ts';
import { tellTrail } from './tell-trail/tell-trail.ts';

await runService({
  name: 'inventory',
  config,
  module: InventoryModule,
  schemas,
  entities,
  consumers: [{ group: 'inventory', locks: lockStock }],
  tellTrail,
  samples: [heldReservations],
});
