import type { Evidence, FactRecord } from '../evidence.ts';
import { firstOccurrences } from '../log.ts';
import { judge, type Verdict } from '../verdict.ts';

/** 11. Every message validates against its contract, and its causation chain ends at an HTTP request. */
export function contractsAndCauses(evidence: Evidence): Verdict {
  const facts = firstOccurrences(evidence);
  const { wrong, late } = causes(facts);
  return judge(
    11,
    'contracts kept, causes known',
    `${evidence.records.length + evidence.unreadable.length} records read`,
    { wrong: [...evidence.unreadable, ...wrong], late },
    evidence.unrest,
  );
}

function causes(facts: ReadonlyMap<string, FactRecord>): { wrong: string[]; late: string[] } {
  const [wrong, late]: [string[], string[]] = [[], []];
  const seen = new Set<string>();
  for (const fact of facts.values()) {
    const chain = new Set<string>();
    let at: FactRecord | undefined = fact;
    while (at && !seen.has(at.id) && !chain.has(at.id)) {
      chain.add(at.id);
      if (at.causationId.startsWith('http:')) break;
      const cause = facts.get(at.causationId);
      if (!cause) late.push(`${at.type} ${at.id}: its cause ${at.causationId} is in no topic`);
      else if (cause.correlationId !== at.correlationId)
        wrong.push(`${at.type} ${at.id}: of another checkout than its cause`);
      else if (chain.has(cause.id)) wrong.push(`${at.type} ${at.id}: causes itself`);
      at = cause;
    }
    // Good or bad: each is reported once.
    for (const id of chain) seen.add(id);
  }
  return { wrong, late };
}
