import { type Projection, projections } from '../../apps/analytics/src/generations.ts';
import { asProgram } from '../program.ts';
import { targetOfCompose } from '../shop/environment.ts';
import { Friendly } from '../stack/friendly.ts';
import { createProgress } from '../stack/progress.ts';
import { readTarget, shopFiles } from '../verify/target.ts';
import type { Comparison } from './compare.ts';
import { type OrdersReport, rebuildOrders } from './orders.ts';
import { rebuild } from './rebuild.ts';

const names = Object.keys(projections) as Projection[];
const SHOWN = 10;

const HELP = `npm run rebuild -- <read model>   build a read model again
  ${names.join(', ')}: from the log
  orders: from the orders' own events
  --compare                  compare only; exit code 1 when they differ
  --folder <path>            the shop's folder; left out: .cartwheel/up,
                             else .cartwheel/demo
  --docker                   the shop of docker compose up
The shop must be running, and goes on: analytics builds the projection beside
the one that it shows, both are compared when they have applied the same
facts, and readers get the new one from one statement to the next. A run that
was stopped is taken up by the same command. An order that differs from its
events is made anew under its lock.
Exit code 0: done; with --compare: they are equal. 1: not done, or they differ.`;

await asProgram(
  HELP,
  { compare: { type: 'boolean' }, folder: { type: 'string' }, docker: { type: 'boolean' } },
  async ({ words, flags, folder }, signal) => {
    const [name, ...rest] = words;
    const isProjection = (names as string[]).includes(name ?? '');
    if (rest.length > 0 || (!isProjection && name !== 'orders')) {
      throw new Friendly(`Name one read model: orders, ${names.join(', ')}.`);
    }
    const { databases, ...target } = flags.has('docker') ? targetOfCompose() : readTarget(shopFiles(folder));
    const compareOnly = flags.has('compare');
    if (!isProjection) {
      const report = await rebuildOrders(databases.order, { compareOnly });
      console.log(renderedOrders(report));
      if (report.left.length > 0) process.exitCode = 1;
      return;
    }
    const projection = name as Projection;
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

function renderedOrders({ orders, strays, left }: OrdersReport): string {
  if (strays.length === 0) return `${orders} orders, each as its events say.`;
  const list = (some: OrdersReport['strays']) => [
    ...some.slice(0, SHOWN).map(({ orderId, how }) => `  order ${orderId}: ${how}`),
    ...(some.length > SHOWN ? [`  and ${some.length - SHOWN} more`] : []),
  ];
  const [mended, still] = [strays.length - left.length, left.length];
  return [
    `${strays.length} of ${orders} orders were not what their events say; made anew: ${mended}.`,
    ...list(strays),
    ...(mended > 0 && still > 0 ? [`Still so: ${still}.`, ...list(left)] : []),
  ].join('\n');
}
