import { topology } from '@cartwheel/contracts';
import { createKafka } from '@cartwheel/kafka';
import { cleanUp, renderReports, type Report } from '../clean-up/clean-up.ts';
import { answering } from '../verify/connections.ts';
import { adminUrl, connected, type Server, services } from './databases.ts';

/** Says, service by service, which months of ids no topic needs any more; with `apply` it drops them. */
export async function cleanUpOf({
  postgres,
  brokers,
  namespace,
  apply,
}: {
  postgres: Server;
  brokers: readonly string[];
  namespace: string;
  apply: boolean;
}): Promise<void> {
  const admin = createKafka(brokers, 'clean-up').admin();
  await answering('Kafka', brokers.join(', '), admin.connect());
  const reports: Report[] = [];
  try {
    for (const service of services) {
      await connected(adminUrl(postgres, service, namespace), async (db) => {
        const own = { databases: { [service]: db }, admin, topology: topology(namespace), apply };
        reports.push(...(await cleanUp(own)));
      });
    }
  } finally {
    await admin.disconnect();
  }
  console.log(renderReports(reports, apply));
}
