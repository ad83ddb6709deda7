import { writeFileSync } from 'node:fs';
import { brokersOption } from '../brokers-option.ts';
import { asProgram } from '../program.ts';
import { targetOfCompose } from '../shop/environment.ts';
import { stackOption } from '../stack-option.ts';
import { Friendly } from '../stack/friendly.ts';
import { createProgress } from '../stack/progress.ts';
import { drillAlarms } from './alarms/drill-alarms.ts';
import { alarmsClosing, alarmsTable, hasFiredAndEnded } from './alarms/results.ts';
import { brokerFaults, brokersClosing, brokersHeld, brokersTable, drillBrokers, quickBrokerFaults } from './brokers.ts';
import { containersTable, drillContainers } from './containers.ts';
import { drill, type Pace } from './drill.ts';
import { choose, fullPlan, quickPlan } from './plan.ts';
import { closing, hasHeld, markdown, table } from './results.ts';
import { windows } from './windows.ts';

const HELP = `npm run drill               kill services where it hurts, under load
  -- --quick                each window once, and one look at the end
  -- --only <window>        one window, or <service>/<window>
  -- --list                 the windows
  -- --containers           kill, pause and cut off each container of a shop
                            that docker compose up has started; --only <name>
  -- --brokers 3            a shop on three Kafka brokers: rolling restart, the
                            leader killed, one away; --quick: one restart and
                            one death
  -- --alarms               have every alarm fire in a Prometheus, and end;
                            --only <name,name>
     --hurry <n>            divides every time in the rules, 10 if left out
  -- --markdown <file>      write the table there too
  -- --stack docker|native|external
                            which engines, as in npm run demo
Starts engines and a shop of its own on free ports, beside anything else that
runs. A service dies by SIGKILL in each of its windows, the first, second and
third time that it stands there, and is started again, while customers go on
ordering. Then npm run verify's checker decides whether every promise holds.
Exit code 0: every window was reached, or every alarm fired and ended, and
nothing is broken. docs/promises/drill.md`;

const FULL: Pace = { customers: 6, reachWithinMs: 60_000, evict: false, handovers: 5 };
const QUICK: Pace = { customers: 12, reachWithinMs: 60_000, evict: true, handovers: 0 };

const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;

await asProgram(
  HELP,
  {
    quick: flag,
    list: flag,
    containers: flag,
    alarms: flag,
    brokers: text,
    only: text,
    hurry: text,
    markdown: text,
    stack: text,
  },
  async ({ flags, only, hurry, brokers, markdown: file, stack }, signal) => {
    if (flags.has('list')) return console.log(list());
    if (hurry !== undefined && !flags.has('alarms')) throw new Friendly('--hurry is for --alarms.');
    if (flags.has('alarms')) {
      if (stack !== undefined && stack !== 'native') throw new Friendly('Alarms are drilled on native engines alone.');
      const rows = await drillAlarms({ only, hurry: timesOf(hurry), progress: createProgress(), signal });
      if (file !== undefined) writeFileSync(file, `${alarmsTable(rows)}\n`);
      console.log(`\n${alarmsTable(rows)}\n\n${alarmsClosing(rows)}`);
      if (!rows.every(hasFiredAndEnded)) process.exitCode = 1;
      return;
    }
    if (brokersOption(brokers).brokers === 3) {
      if (stack !== undefined && stack !== 'native') throw new Friendly('Three brokers are drilled on native engines.');
      const faults = flags.has('quick') ? quickBrokerFaults : brokerFaults;
      const rows = await drillBrokers(faults, { progress: createProgress(), signal });
      if (file !== undefined) writeFileSync(file, `${brokersTable(rows)}\n`);
      console.log(`\n${brokersTable(rows)}\n\n${brokersClosing(rows)}`);
      process.exitCode = rows.every(brokersHeld) ? 0 : 1;
      return;
    }
    if (flags.has('containers')) {
      const rows = await drillContainers({ target: targetOfCompose(), only }, createProgress(), signal);
      if (file !== undefined) writeFileSync(file, `${containersTable(rows)}\n`);
      console.log(`\n${containersTable(rows)}`);
      process.exitCode = rows.every(({ verdict }) => verdict === 'held') ? 0 : 1;
      return;
    }
    const chosen = choose(only);
    if (!chosen) throw new Friendly(`There is no window ${JSON.stringify(only)}. -- --list names them.`);
    const [pace, rounds] = flags.has('quick') ? [QUICK, quickPlan(chosen)] : [FULL, fullPlan(chosen)];
    const rows = await drill({ rounds, pace, stack: stackOption(stack), progress: createProgress(), signal });
    if (file !== undefined) writeFileSync(file, `${markdown(rows)}\n`);
    console.log(`\n${table(rows)}\n\n${closing(rows)}`);
    process.exitCode = rows.every(hasHeld) ? 0 : 1;
  },
);
process.exit();

function timesOf(hurry = '10'): number {
  const times = Number(hurry);
  if (!(times >= 1 && times <= 60))
    throw new Friendly(`--hurry is a number from 1 to 60, not ${JSON.stringify(hurry)}.`);
  return times;
}

function list(): string {
  return windows.map(({ name, when, services }) => `${name}  (${services.join(', ')})\n    dies ${when}`).join('\n');
}
