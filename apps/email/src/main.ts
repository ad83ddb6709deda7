import { lockSubjects } from '@cartwheel/inbox';
import { runService } from '@cartwheel/service';
import { config } from './config.ts';
import { EmailModule } from './email.module.ts';
import { entities } from './entities.ts';
import { schemas } from './email.schema.ts';
import { EMAIL, EMAIL_TASKS } from './email.transports.ts';
import { tellTrail } from './tell-trail/tell-trail.ts';

await runService({
  name: 'email',
  config,
  module: EmailModule,
  schemas,
  entities,
  consumers: [{ group: 'email', transportId: EMAIL, locks: lockSubjects }],
  workers: [{ queue: 'email.message', transportId: EMAIL_TASKS, prefetch: 8 }],
  tellTrail,
});
