import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { layers, startProcess, waitUntilReady } from '../processes.ts';
import { type Start, repository } from './start.ts';

export async function startMaildev(start: Start): Promise<void> {
  await start.progress.step('Mailbox', async () => {
    const mails = join(start.folder, 'mail');
    await mkdir(mails, { recursive: true });
    start.signal.throwIfAborted();
    const { smtp, mailbox } = start.ports;
    const maildev = startProcess({
      name: 'maildev',
      command: process.execPath,
      args: [join(repository, 'node_modules/maildev/bin/maildev'), '--ip', '127.0.0.1'].concat([
        '--smtp',
        String(smtp),
        '--web',
        String(mailbox),
        '--mail-directory',
        mails,
      ]),
      folder: start.folder,
      layer: layers.engine,
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'] },
    });
    const ready = () => /webapp running/i.test(maildev.log()) && /smtp server running/i.test(maildev.log());
    await waitUntilReady(maildev, ready, { deadlineMs: 30_000, signal: start.signal });
  });
}
