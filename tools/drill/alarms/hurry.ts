const SECONDS = { s: 1, m: 60, h: 3_600 };
type Unit = keyof typeof SECONDS;

/**
 * The rules of alerts.yml with every time in them divided: ranges, `for:`, and the ages that they compare with. A number of
 * 60 or more in an expression is such an age, in seconds. Nothing gets shorter than a second.
 */
export function inAHurry(rules: string, times: number): string {
  if (times === 1) return rules;
  const shorter = (seconds: number) => Math.max(1, Math.round(seconds / times));
  const duration = (amount: string, unit: string) => `${shorter(Number(amount) * SECONDS[unit as Unit])}s`;
  return rules
    .replaceAll(/\[(\d+)([smh])\]/g, (_, amount: string, unit: string) => `[${duration(amount, unit)}]`)
    .replaceAll(/^( +for: )(\d+)([smh])$/gm, (_, key: string, amount: string, unit: string) => {
      return key + duration(amount, unit);
    })
    .replaceAll(/([>+] )(\d+)(?![\d.])/g, (all, sign: string, age: string) =>
      Number(age) < 60 ? all : sign + String(shorter(Number(age))),
    );
}
