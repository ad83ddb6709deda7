import { runService } from '@cartwheel/service';
import { AnalyticsModule } from './analytics.module.ts';
import { entities } from './entities.ts';
import { schemas } from './analytics.schema.ts';
import { config } from './config.ts';
import { factGaps } from './find-gaps/fact-gaps.ts';
import { consumersNow } from './generations.ts';
import { tellTrail } from './tell-trail/tell-trail.ts';

await runService({
  name: 'analytics',
  config,
  module: AnalyticsModule,
  schemas,
  entities,
  consumers: [{ group: 'analytics.facts' }],
  changing: consumersNow,
  tellTrail,
  samples: [factGaps],
});
