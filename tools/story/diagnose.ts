import { facts } from '@cartwheel/contracts';
import { clock, listed, span } from './words.ts';
import { type Life, queueOf, serviceOf } from './life.ts';
import { type Finding, look, placeOf } from './rules.ts';
import { decisive, following, mailOf, type OrderStatus, type Step } from './steps.ts';
import { whyCancelled } from './why-cancelled.ts';

export type Diagnosis = {
  /** Where the order stands, and what it waits for or why it failed. One sentence. */
  readonly sentence: string;
  /** Which rules spoke. */
  readonly rules: readonly string[];
  /** What a person can do. Empty: nothing needs to be done. */
  readonly todo: readonly string[];
};

export function diagnose(life: Life): Diagnosis {
  const { status } = life;
  if (status === undefined) {
    const silent = life.silent.map(({ service, why }) => `${service} ${why}`);
    return {
      sentence: `Nobody who answers knows this order${silent.length > 0 ? `, and ${listed(silent)}` : ''}.`,
      rules: ['unknown'],
      todo: [],
    };
  }
  const decided = waits(life, decisive[status]);
  const followed = waits(life, following[status]);
  const parts = [
    headOf(life, status),
    ...decided.map(({ whats, finding }) => `waits for ${listed(whats)}: ${finding.text}`),
    ...(status === 'placed' ? timeOut(life) : []),
    ...followed.map(
      ({ whats, finding }) => `${isOver(status) ? 'still ' : ''}waits for ${listed(whats)}: ${finding.text}`,
    ),
  ];
  const findings = [...decided, ...followed].map(({ finding }) => finding);
  const more = besides(life, new Set(findings.flatMap(({ about }) => about ?? [])));
  if (isOver(status) && findings.length + more.length === 0) parts.push('nothing is left to be done');
  const said = [...findings, ...more];
  return {
    sentence: `${[...parts, ...more.map(({ text }) => text)].join('; ')}.`,
    rules: said.map(({ rule }) => rule),
    todo: [...new Set(said.flatMap(({ todo }) => todo ?? []))],
  };
}

function isOver(status: OrderStatus): boolean {
  return decisive[status].length === 0;
}

/** Those of the steps that are not done. What is at the same place for the same reason is said once. */
function waits(life: Life, steps: readonly Step[]): { whats: string[]; finding: Finding }[] {
  const found = steps.flatMap((step) => {
    const finding = whereIs(life, step);
    return finding ? [{ what: step.what, finding }] : [];
  });
  const untimed = (text: string) => text.replace(/; next attempt .*$/, '');
  return [...Map.groupBy(found, ({ finding }) => untimed(finding.text)).values()].map((same) => ({
    whats: same.map(({ what }) => what),
    finding: { ...same[0]!.finding, about: same.flatMap(({ finding }) => finding.about ?? []) },
  }));
}

/** Follows the step's fact, task and answer, and stops at the first that has not arrived. */
export function whereIs(life: Life, step: Step): Finding | undefined {
  const fact = life.messages.find(({ type }) => type === step.asks);
  if (!fact) return undefined;
  const answer = life.messages.find(({ type }) => (step.answers as readonly string[]).includes(type));
  if (answer) return look({ life, message: answer, reader: 'order', service: 'order' });
  const unread = look({ life, message: fact, reader: step.by, service: step.by });
  if (unread) return unread;
  if (step.task) {
    const task = life.messages.find(({ type, cause }) => type === step.task && cause === fact.id);
    const queue = task && queueOf(task);
    if (task && queue) {
      const undone = look({ life, message: task, reader: queue, service: serviceOf(queue) });
      if (undone) return undone;
    } else if (isAskedFor(life, step)) return queued(life, step, fact.taken.find(({ by }) => by === step.by)?.at);
  }
  if (step.answers.length === 0) return undefined;
  return { rule: 'answer unseen', text: `${step.by} has done its part, and its answer is on its way to the order` };
}

/** A task that its broker has, and that no worker has begun, is in no table: what the service waits for itself tells of it. */
function isAskedFor({ trails }: Life, { task, asks }: Step): boolean {
  const state = trails.payment?.own.payment?.state;
  const isPayment = { authorizing: 'AuthorizePayment', capturing: 'CapturePayment', voiding: 'VoidPayment' };
  const wanted = { ...isPayment, refunding: 'RefundPayment' }[state as string];
  const template = mailOf(asks).replace(' ', '-');
  const mail = trails.email?.own.emails.find((email) => email.template === template);
  return task === 'SendEmail' ? mail !== undefined && mail.state !== 'sent' : task === wanted;
}

function queued(life: Life, { task, by }: Step, since = life.now): Finding {
  const queue = queueOf({ kind: 'task', type: task! })!;
  const text = `${task} is in the queue ${queue}, and no worker of ${by} has begun it for ${span(life.now - since)}`;
  return { rule: 'not begun', text, todo: 'npm run lag shows how many wait in each queue.' };
}

const VERBS = {
  placed: ['Placed', 'OrderPlaced'],
  confirmed: ['Confirmed', 'OrderConfirmed'],
  completed: ['Completed', 'OrderCompleted'],
  refunding: ['To be refunded since', 'RefundRequested'],
  refunded: ['Refunded', 'OrderRefunded'],
  cancelled: ['Cancelled', 'OrderCancelled'],
} as const;

function headOf(life: Life, status: OrderStatus): string {
  const [verb, type] = VERBS[status];
  const at = life.messages.find((message) => message.type === type)?.at;
  const placed = life.messages.find((message) => message.type === 'OrderPlaced')?.at;
  const ago = at === undefined ? verb : `${verb} ${span(life.now - at)}${status === 'refunding' ? '' : ' ago'}`;
  if (status === 'placed') return ago;
  const after = at === undefined || placed === undefined ? '' : `, ${span(at - placed)} after it was placed`;
  return `${ago}${after}${status === 'cancelled' ? `: ${whyCancelled(life)}` : ''}`;
}

function timeOut({ trails, now }: Life): string[] {
  const order = trails.order?.own.order;
  if (!order) return [];
  const at = Date.parse(order.timesOutAt);
  if (at >= now) return [`it times out at ${clock(at, now)}, in ${span(at - now)}`];
  return [`its time was up at ${clock(at, now)}, and the order service has to cancel it`];
}

/** What no step of the order waits for: what other readers have set aside, who does not answer, what is not recorded. */
function besides(life: Life, said: ReadonlySet<string>): Finding[] {
  const kept = life.messages.flatMap((message) =>
    message.parked
      .filter((row) => row.errorClass !== null && !said.has(placeOf(row)))
      .flatMap(({ consumer, service }) => look({ life, message, reader: consumer, service }) ?? [])
      .map((finding): Finding => ({ ...finding, text: `besides, ${finding.text}` })),
  );
  const silent = life.silent
    .filter(({ service }) => !said.has(service))
    .map(({ service, why }): Finding => {
      const text = `${service} ${why}, so what it knows is missing here`;
      return { rule: 'silent', text, todo: `Start ${service} again (npm run up starts the whole shop).` };
    });
  return [...kept, ...silent, ...unrecorded(life)];
}

/** Facts that analytics has not recorded though Kafka has had them for a while. */
function unrecorded({ trails, messages, now }: Life): Finding[] {
  if (!trails.analytics) return [];
  const late = messages.filter(
    ({ type, record, waiting, at }) => type in facts && !record && !waiting && now - at > 2_000,
  );
  if (late.length === 0) return [];
  const held = late.flatMap(({ parked }) => parked).find(({ consumer }) => consumer === 'analytics.facts');
  if (held) return [];
  const types = listed(late.map(({ type }) => type));
  return [{ rule: 'not recorded', text: `analytics has not recorded ${types} yet`, todo: 'npm run lag' }];
}
