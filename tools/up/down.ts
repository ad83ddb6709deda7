import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { asProgram } from '../program.ts';
import { stopRecorded } from '../stack/leftovers.ts';
import { createProgress } from '../stack/progress.ts';
import { removeContainers } from '../stack/stack.ts';

const HELP = `npm run down   stop what npm run up started. Data stays in .cartwheel/up.`;

await asProgram(HELP, {}, async () => {
  const folder = join(import.meta.dirname, '../../.cartwheel/up');
  const stopped = await createProgress().step('stopping services and engines', async () => {
    const processes = await stopRecorded(folder);
    return processes + (await removeContainers(folder));
  });
  rmSync(join(folder, 'shop.json'), { force: true });
  console.log(stopped === 0 ? 'Nothing was running.' : `Stopped ${stopped} processes and containers.`);
});
