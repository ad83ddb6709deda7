import { lockSubjects } from '@cartwheel/inbox';
import { runService } from '@cartwheel/service';
import { config } from './config.ts';
import { EmailModule } from './email.module.ts';
import { entities } from './entities.ts';
import { schemas } from './email.schema.ts';
import { tellTrail } from './tell-trail/tell-trail.ts';

await runService({
  name: 'email',
  config,
  module: EmailModule,
  schemas,
  entities,
  consumers: [{ group: 'email', locks: lockSubjects }],
  tasks: { rabbitmqUrl: config.RABBITMQ_URL, workers: [{ queue: 'email.message', prefetch: 8 }] },
  tellTrail,
});
