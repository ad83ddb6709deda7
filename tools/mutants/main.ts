import { join } from 'node:path';
import { asProgram } from '../program.ts';
import { stackOption } from '../stack-option.ts';
import { Friendly } from '../stack/friendly.ts';
import { createProgress } from '../stack/progress.ts';
import { startStack } from '../stack/stack.ts';
import { type Copy, makeCopy } from './copy.ts';
import { isProof, type Seen, tryDemo } from './demo.ts';
import type { Chapter } from './mutant.ts';
import { chapters } from './mutants.ts';
import { renderList, renderSummary, renderTable, renderVerdict } from './render.ts';
import { tryAll } from './try-all.ts';

const HELP = `npm run mutants                 take each safeguard out, see its test go red
  -- --only <text>              those with this in their name or chapter
  -- --list                     what there is, without trying it
  -- --table                    the tables of docs/promises/guarantees.md
  -- --demo                     play npm run demo without each of four
                                safeguards: it must go red. About 12 minutes
Works on a copy of the sources (.cartwheel/mutants) and on engines of its own;
changes that are not committed are in it, and stay as they are. First runs the
named tests as they are: each must be green. Takes about ten minutes.
Exit code 0: every mutant was killed by its test. 1: one was not.`;

const folder = join(import.meta.dirname, '../../.cartwheel/mutants');
/** Two cores: as many Jests side by side as the suite has workers. */
const COPIES = 2;

await asProgram(
  HELP,
  { only: { type: 'string' }, list: { type: 'boolean' }, table: { type: 'boolean' }, demo: { type: 'boolean' } },
  async ({ only, flags }, signal) => {
    const selected = select(only);
    if (flags.has('list')) return console.log(selected.map(renderList).join('\n\n'));
    if (flags.has('table')) return console.log(selected.map(renderTable).join('\n\n'));
    const progress = createProgress();
    if (flags.has('demo')) {
      const copy = makeCopy(join(folder, 'demo'));
      try {
        const tell = ({ mutant, exitCode, told }: Seen) =>
          console.log([`${exitCode === 0 ? 'green' : 'red  '}  ${mutant}`, ...told].join('\n'));
        if (!isProof(await tryDemo(copy, { progress, signal, tell }))) process.exitCode = 1;
      } finally {
        copy.remove();
      }
      return;
    }
    const stack = await startStack({ folder, ports: 'free', progress, signal, ...stackOption(undefined) });
    const copies: Copy[] = [];
    try {
      for (let n = 1; n <= COPIES; n += 1) copies.push(makeCopy(join(folder, `copy-${n}`)));
      const mutants = selected.flatMap((chapter) => chapter.mutants);
      const verdicts = await tryAll(mutants, copies, { folder, stack, signal, progress }, (mutant, verdict, ms) => {
        const chapter = selected.find(({ mutants: [first] }) => first === mutant);
        if (chapter) console.log(`\n${chapter.title}`);
        console.log(renderVerdict(mutant, verdict, ms));
      });
      console.log(`\n${renderSummary(verdicts)}`);
      if (verdicts.some(({ outcome }) => outcome !== 'killed')) process.exitCode = 1;
    } finally {
      for (const copy of copies) copy.remove();
      await progress.step('stopping the engines', () => stack.stop());
    }
  },
);
process.exit();

function select(only: string | undefined): Chapter[] {
  const isMeant = (name: string) => name.toLowerCase().includes((only ?? '').toLowerCase());
  const selected = chapters
    .map(({ title, mutants }) => ({ title, mutants: mutants.filter(({ name }) => isMeant(title) || isMeant(name)) }))
    .filter(({ mutants }) => mutants.length > 0);
  if (selected.length === 0) throw new Friendly(`No mutant is called "${only}": npm run mutants -- --list`);
  return selected;
}
