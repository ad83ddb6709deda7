import type { Diagnosis } from './diagnose.ts';
import type { Life } from './life.ts';
import { pictureOf } from './picture.ts';
import { titleOf } from './render-terminal.ts';
import { type Row, treeOf } from './tree.ts';
import { escaped, offset, span } from './words.ts';

/** One page without anything from elsewhere: the sentence, the picture, and every message in a table. */
export function renderHtml(life: Life, { sentence, todo }: Diagnosis): string {
  const rows = treeOf(life);
  const begin = Math.min(...life.messages.map(({ at }) => at));
  const at = new Date(life.now).toISOString().replace('T', ' ').slice(0, 19);
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escaped(titleOf(life))}</title>
<style>${STYLE}</style>
<main>
<header><h1>One order's story</h1><p class="id">${escaped(titleOf(life))}</p></header>
<section class="sentence ${life.status ?? ''}"><p>${escaped(sentence)}</p>
${todo.length > 0 ? `<ul>${todo.map((one) => `<li>${escaped(one)}</li>`).join('')}</ul>` : ''}</section>
${rows.length > 0 ? `<figure>${pictureOf(life, rows)}</figure>${LEGEND}${tableOf(rows, begin)}` : ''}
<footer>As the services told it at ${at}Z. Nothing personal is in this page.</footer>
</main>
</html>
`;
}

const LEGEND = `<p class="legend">
<span><svg width="34" height="10"><path class="hop" d="M0 5H34"/></svg> a fact, over Kafka</span>
<span><svg width="34" height="10"><path class="queue" d="M0 5H34"/></svg> a task, over RabbitMQ</span>
<span><svg width="34" height="10"><path class="outbox" d="M0 5H34"/></svg> in the outbox</span>
<span><svg width="34" height="10"><rect class="work" width="34" height="10" rx="2"/></svg> at work</span>
<span><svg width="34" height="10"><rect class="work failed" width="34" height="10" rx="2"/></svg> in vain</span>
<span><svg width="34" height="10"><path class="rest" d="M0 5H34"/></svg> rests on the retry ladder</span>
<span><svg width="34" height="10"><rect class="parked" width="34" height="10" rx="2"/></svg> parked or dead</span>
</p>`;

function tableOf(rows: readonly Row[], begin: number): string {
  const lines = rows.map(({ at, tookMs, who, branch, what, note, message }) => {
    const time = at === undefined ? '' : offset(at - begin);
    const took = tookMs === undefined ? '' : span(tookMs);
    if (who === '') {
      const text = escaped(`${branch}${what}`);
      return `<tr class="detail"><td>${time}</td><td>${took}</td><td></td><td colspan="4">${text}</td></tr>`;
    }
    const cells = [
      time,
      took,
      who,
      `${branch}${what}`,
      note,
      message?.record ? `${message.record.topic} ${message.record.partition}@${message.record.offset}` : '',
      (message?.taken ?? [])
        .filter(({ by }) => !by.startsWith('analytics') || by === 'analytics.facts')
        .map(({ by, at: taken }) => `${by} ${offset(taken - begin)}`)
        .join(', '),
    ];
    return `<tr>${cells.map((cell) => `<td>${escaped(cell)}</td>`).join('')}</tr>`;
  });
  const head = ['time', 'took', 'who', 'what caused what', '', 'in Kafka', 'taken by'];
  return `<div class="scroll"><table><thead><tr>${head.map((cell) => `<th>${cell}</th>`).join('')}</tr></thead>
<tbody>${lines.join('\n')}</tbody></table></div>`;
}

const STYLE = `
:root { color-scheme: light dark; --bg: #fbfaf8; --card: #ffffff; --fg: #1f2328; --muted: #6b7280; --line: #e4e1da;
  --lane: #f4f2ed; --kafka: #2f6fde; --rabbit: #c2700a; --work: #2e9e6b; --bad: #d1383d; --rest: #a8a29a; --cut: #efece4; }
@media (prefers-color-scheme: dark) { :root { --bg: #14161a; --card: #1b1e24; --fg: #e6e8eb; --muted: #98a0ab; --line: #2d323b;
  --lane: #20242b; --kafka: #74a6ff; --rabbit: #f0a94a; --work: #4cc38a; --bad: #ff7b7b; --rest: #757b85; --cut: #262b33; } }
body { margin: 0; background: var(--bg); color: var(--fg); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 1240px; margin: 0 auto; padding: 28px 24px 40px; }
h1 { font-size: 15px; font-weight: 600; letter-spacing: .02em; color: var(--muted); margin: 0; }
.id { font: 600 17px ui-monospace, monospace; margin: 2px 0 18px; overflow-wrap: anywhere; }
.sentence { background: var(--card); border: 1px solid var(--line); border-left: 5px solid var(--kafka); border-radius: 8px;
  padding: 14px 18px; font-size: 17px; }
.sentence.completed, .sentence.refunded { border-left-color: var(--work); }
.sentence.cancelled { border-left-color: var(--bad); }
.sentence p { margin: 0; } .sentence ul { margin: 8px 0 0; padding-left: 20px; font: 13px ui-monospace, monospace; }
figure { margin: 22px 0 0; background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 8px; overflow-x: auto; }
figure svg { display: block; min-width: 900px; width: 100%; height: auto; }
.legend { display: flex; flex-wrap: wrap; gap: 6px 22px; margin: 10px 2px 24px; color: var(--muted); font-size: 13px; }
.legend svg { vertical-align: -1px; margin-right: 4px; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; font-size: 13px; width: 100%; }
th { text-align: left; color: var(--muted); font-weight: 500; } th, td { padding: 2px 12px 2px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
td:nth-child(1), td:nth-child(2) { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
td:nth-child(4) { font-family: ui-monospace, monospace; white-space: pre; } td:nth-child(6), td:nth-child(7) { color: var(--muted); }
tr.detail td { color: var(--bad); }
footer { margin-top: 22px; color: var(--muted); font-size: 13px; }
svg text { font: 11.5px system-ui, sans-serif; fill: var(--fg); } svg .name { font-weight: 600; font-size: 13px; }
svg .small { fill: var(--muted); font-size: 10.5px; }
svg .label { paint-order: stroke; stroke: var(--card); stroke-width: 4px; stroke-linejoin: round; }
svg .odd .label { stroke: var(--lane); } .band { fill: none; } .odd .band { fill: var(--lane); }
.cut { fill: var(--cut); opacity: .5; } .tick { stroke: var(--line); stroke-width: 1; } .now { stroke: var(--muted); stroke-dasharray: 2 4; }
.hop { fill: none; stroke: var(--kafka); stroke-width: 1.6; } .hop.faint { stroke-width: 1; opacity: .28; }
.request { fill: none; stroke: var(--muted); stroke-width: 1.6; }
.queue { fill: none; stroke: var(--rabbit); stroke-width: 2; stroke-dasharray: 5 3; }
.outbox { fill: none; stroke: var(--muted); stroke-width: 3; stroke-dasharray: 1.5 3; }
.rest { fill: none; stroke: var(--rest); stroke-width: 2; stroke-dasharray: 1 4; stroke-linecap: round; }
.work { fill: var(--work); } .work.failed { fill: var(--bad); } .work.running { fill: var(--rabbit); }
.parked { fill: var(--bad); opacity: .45; } .dot { fill: var(--kafka); stroke: var(--card); stroke-width: 1.5; }
.dot.request { fill: var(--muted); } .dot.bad { fill: var(--bad); } .dot.end { fill: var(--work); } .tap { fill: var(--kafka); opacity: .5; }`;
