import { asProgram } from '../program.ts';
import { targetOfCompose } from '../shop/environment.ts';
import { Friendly } from '../stack/friendly.ts';
import { renderBreaks } from './fixtures/breaks.ts';
import { readTarget, shopFiles } from './target.ts';
import { exitCodeOf, renderVerdicts, verify } from './verify.ts';

const HELP = `npm run verify                  decide whether the shop's promises hold
  -- --folder <path>            the shop's folder; left out: .cartwheel/up,
                                else .cartwheel/demo
  -- --docker                   the shop of docker compose up
  -- --breaks                   the table of breaks in docs/promises/verify.md
Waits for the shop to come to rest for as long as it has less and less to do,
then reads its databases, topics, queues, the card gateway's ledger and the
mailbox. Changes nothing. A shop that has not had less to do for 30 s is read as
it is: what may only be late is then not at rest, and not broken.
Exit code 0: every promise held. 1: something is broken. 2: it could not be
checked. 3: nothing is broken, and the shop was not at rest.
See docs/promises/verify.md.`;

const PATIENCE_MS = 30_000;

await asProgram(
  HELP,
  { folder: { type: 'string' }, docker: { type: 'boolean' }, breaks: { type: 'boolean' } },
  async ({ folder, flags }, signal) => {
    if (flags.has('breaks')) return console.log(renderBreaks());
    // Whatever is being read when somebody stops us may be left where it is.
    signal.addEventListener('abort', () => setTimeout(() => process.exit(), 500).unref());
    const onProgress = (text: string) => console.error(`… ${text}`);
    try {
      const target = flags.has('docker') ? targetOfCompose() : readTarget(shopFiles(folder));
      const verdicts = await verify(target, { patienceMs: PATIENCE_MS, onProgress, signal });
      console.log(renderVerdicts(verdicts));
      process.exitCode = exitCodeOf(verdicts);
    } catch (error) {
      process.exitCode ??= 2;
      throw error instanceof Friendly
        ? error
        : new Friendly(`The shop cannot be checked: ${error instanceof Error ? error.message : String(error)}`);
    }
  },
);
