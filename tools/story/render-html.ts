import type { Diagnosis } from './diagnose.ts';
import type { Life } from './life.ts';
export function renderHtml(life: Life, diagnosis: Diagnosis): string {
  return life.orderId + diagnosis.sentence;
}
