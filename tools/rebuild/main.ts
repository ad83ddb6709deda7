import { type Projection, projections } from '../../apps/analytics/src/generations.ts';
import { asProgram } from '../program.ts';
import { targetOfCompose } from '../shop/environment.ts';
import { Friendly } from '../stack/friendly.ts';
import { createProgress } from '../stack/progress.ts';
import { readTarget, shopFiles } from '../verify/target.ts';
import type { Comparison } from './compare.ts';
import { rebuild } from './rebuild.ts';

const names = Object.keys(projections) as Projection[];
const SHOWN = 10;

const HELP = `npm run rebuild -- <projection>   build a read model again from the log
  ${names.join(', ')}
  --compare                  compare only, and drop what was built
  --folder <path>            the shop's folder; left out: .cartwheel/up,
                             else .cartwheel/demo
  --docker                   the shop of docker compose up
The shop must be running, and goes on: analytics builds the projection beside
the one that it shows, both are compared when they have applied the same
facts, and readers get the new one from one statement to the next. A run that
was stopped is taken up by the same command.
Exit code 0: done; with --compare: they are equal. 1: not done, or they differ.`;

await asProgram(
  HELP,
  { compare: { type: 'boolean' }, folder: { type: 'string' }, docker: { type: 'boolean' } },
  async ({ words, flags, folder }, signal) => {
    const [projection] = words as Projection[];
    if (projection === undefined || words.length > 1 || !names.includes(projection)) {
      throw new Friendly(`Name one projection: ${names.join(', ')}.`);
    }
    const { databases, ...target } = flags.has('docker') ? targetOfCompose() : readTarget(shopFiles(folder));
    const compareOnly = flags.has('compare');
    const progress = createProgress();
    const title = compareOnly ? `${projection}: built beside and compared` : `${projection}: built again`;
    const comparison = await progress.step(title, () =>
      rebuild({ ...target, database: databases.analytics, projection, compareOnly, say: progress.say, signal }),
    );
    console.log(rendered(comparison, compareOnly));
    if (compareOnly && (comparison.rows.length > 0 || comparison.ahead > 0)) process.exitCode = 1;
  },
  { withWords: true },
);

function rendered({ rows, ahead }: Comparison, compareOnly: boolean): string {
  if (rows.length === 0 && ahead === 0) return 'The rebuilt one and the live one were equal.';
  const shown = compareOnly ? 'the live one is still shown' : 'the rebuilt one is shown now';
  return [
    `${rows.length} rows differed; ${shown}.`,
    ...(ahead > 0 ? [`The live one had not applied ${ahead} facts that the log holds.`] : []),
    ...rows.slice(0, SHOWN).map(({ of, row }) => `  only the ${of} one had ${row}`),
    ...(rows.length > SHOWN ? [`  and ${rows.length - SHOWN} more`] : []),
  ].join('\n');
}
