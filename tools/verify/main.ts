import { asProgram } from '../program.ts';
import { targetOfCompose } from '../shop/environment.ts';
import { Friendly } from '../stack/friendly.ts';
import { readTarget, shopFiles } from './target.ts';
import { renderVerdicts, verify } from './verify.ts';

const HELP = `npm run verify                  decide whether the shop's promises hold
  -- --folder <path>            the shop's folder; left out: .cartwheel/up,
                                else .cartwheel/demo
  -- --docker                   the shop of docker compose up
Waits up to 30 s for the shop to come to rest, then reads its databases,
topics, queues, the card gateway's ledger and the mailbox. Changes nothing.
Exit code 0: nothing is broken. 1: something is. 2: it could not be checked.`;

const AT_REST_WITHIN_MS = 30_000;

await asProgram(
  HELP,
  { folder: { type: 'string' }, docker: { type: 'boolean' } },
  async ({ folder, flags }, signal) => {
    // Whatever is being read when somebody stops us may be left where it is.
    signal.addEventListener('abort', () => setTimeout(() => process.exit(), 500).unref());
    const onProgress = (text: string) => console.error(`… ${text}`);
    try {
      const target = flags.has('docker') ? targetOfCompose() : readTarget(shopFiles(folder));
      const verdicts = await verify(target, { atRestWithinMs: AT_REST_WITHIN_MS, onProgress, signal });
      console.log(renderVerdicts(verdicts));
      if (verdicts.some(({ verdict }) => verdict === 'broken')) process.exitCode = 1;
    } catch (error) {
      process.exitCode ??= 2;
      throw error instanceof Friendly
        ? error
        : new Friendly(`The shop cannot be checked: ${error instanceof Error ? error.message : String(error)}`);
    }
  },
);
