import {
  type Context,
  context,
  createContextKey,
  isValidTraceId,
  propagation,
  ROOT_CONTEXT,
  trace,
  TraceFlags,
} from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';

/** Where something came from: the trace it is part of, if it says so, and its checkout. */
export type Origin = { readonly traceparent?: unknown; readonly correlationId?: string | undefined };

const CORRELATION_ID = createContextKey('correlationId');

/** From now on every log line and every message knows the request or message in which it came about. */
export function startContext(): void {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
}

/**
 * The context of a request or message that came from outside. A `traceparent` that is none, however long, is as if there
 * were none; of its flags only the known one is believed. `tracestate` and `baggage` are not taken over at all: they are
 * for vendors, and anybody may write anything into them.
 */
export function contextOf({ traceparent, correlationId }: Origin): Context {
  const carrier = typeof traceparent === 'string' ? { traceparent } : {};
  const extracted = trace.getSpanContext(propagation.extract(ROOT_CONTEXT, carrier));
  const own = ROOT_CONTEXT.setValue(CORRELATION_ID, correlationId);
  if (!extracted) return own;
  const { traceId, spanId, traceFlags } = extracted;
  return trace.setSpanContext(own, { traceId, spanId, traceFlags: traceFlags & TraceFlags.SAMPLED, isRemote: true });
}

/** Runs `work` there: its log lines say which trace and checkout they belong to. */
export function inContextOf<T>(origin: Origin, work: () => T): T {
  return context.with(contextOf(origin), work);
}

/** Of the request or message that is under way here. */
export function activeCorrelationId(): string | undefined {
  return context.active().getValue(CORRELATION_ID) as string | undefined;
}

/** What every log line inside a request or message carries. Without a tracer OpenTelemetry's spans have an id of zeros: none. */
export function activeOrigin(): { traceId?: string; correlationId?: string } {
  const { traceId = '' } = trace.getSpanContext(context.active()) ?? {};
  const correlationId = activeCorrelationId();
  return { ...(isValidTraceId(traceId) ? { traceId } : {}), ...(correlationId === undefined ? {} : { correlationId }) };
}
