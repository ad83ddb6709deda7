// Made by npm run openapi from docs/reference/openapi/order.json.
export interface paths {
  '/ops/dead-letters': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get: operations['deadLetters.dead'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/ops/parked': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get: operations['deadLetters.parked'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/ops/dead-letters/{position}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get: operations['deadLetters.show'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/ops/dead-letters/{position}/replay': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    post: operations['deadLetters.replay'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/ops/dead-letters/{position}/discard': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    post: operations['deadLetters.discard'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/ops/dead-letters/{position}/reveal': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    post: operations['deadLetters.reveal'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/ops/trail': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get: operations['trail.trail'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/products': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get: operations['listProducts.list'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/checkout': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    post: operations['placeOrder.place'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/orders': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get: operations['listOrders.list'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/orders/{id}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get: operations['getOrder.get'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/orders/{id}/history': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get: operations['getOrder.history'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/orders/{id}/stream': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get: operations['streamOrder.stream'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/orders/{id}/cancellation': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    post: operations['cancelOrder.cancel'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
}
export type webhooks = Record<string, never>;
export interface components {
  schemas: {
    ParkedMessages: {
      items: components['schemas']['ParkedMessage'][];
      /** @description `after` of the next page */
      next: number | null;
    };
    ParkedMessage: {
      position: number;
      /** @enum {string} */
      state: 'parked' | 'dead';
      /** @enum {string} */
      source: 'kafka' | 'rabbitmq';
      consumer: string;
      topic: string;
      partition: number | null;
      offset: number | null;
      /** @description null: no contract knows it */
      type: string | null;
      /** @description an id, or a digest that the filter `key` takes */
      key: string;
      /** Format: uuid */
      eventId: string;
      attempts: number;
      /** Format: date-time */
      firstFailedAt: string | null;
      /** Format: date-time */
      lastFailedAt: string | null;
      /** Format: date-time */
      nextAttemptAt: string;
      errorClass: string | null;
      /** @description null: not our own words, so it might quote the message */
      errorMessage: string | null;
    };
    DeadLetter: {
      position: number;
      /** @enum {string} */
      state: 'parked' | 'dead';
      /** @enum {string} */
      source: 'kafka' | 'rabbitmq';
      consumer: string;
      topic: string;
      partition: number | null;
      offset: number | null;
      /** @description null: no contract knows it */
      type: string | null;
      /** @description an id, or a digest that the filter `key` takes */
      key: string;
      /** Format: uuid */
      eventId: string;
      attempts: number;
      /** Format: date-time */
      firstFailedAt: string | null;
      /** Format: date-time */
      lastFailedAt: string | null;
      /** Format: date-time */
      nextAttemptAt: string;
      errorClass: string | null;
      /** @description null: not our own words, so it might quote the message */
      errorMessage: string | null;
      /** @description the first dead message of its key before it */
      blockedBy: number | null;
      /** @description how many messages of its key wait behind it */
      behind: number;
      payload: {
        bytes: number;
        sha256: string;
      } | null;
      /** @description absent: it cannot be read */
      message?: {
        subject: string;
        time: string;
        version: number;
        correlationId: string;
        causationId: string;
        /** @description personal fields are masked */
        data: {
          [key: string]: unknown;
        };
      };
    };
    Standing: {
      /** @description the first dead message of its key before it */
      blockedBy: number | null;
      /** @description how many messages of its key wait behind it */
      behind: number;
    };
    Revealed: {
      position: number;
      key: string;
      errorMessage: string | null;
      headers: {
        [key: string]: string;
      };
      payload:
        | (
            | {
                text: string;
              }
            | {
                base64: string;
              }
          )
        | null;
    };
    Products: components['schemas']['Product'][];
    Product: {
      sku: string;
      name: string;
      price: {
        amountMinor: number;
        currency: string;
      };
    };
    Checkout: {
      customer: {
        name: string;
        /** Format: email */
        email: string;
      };
      items: {
        sku: string;
        quantity: number;
      }[];
      payment: {
        paymentMethod: string;
      };
    };
    Receipt: {
      /** Format: uuid */
      orderId: string;
      /** @enum {string} */
      status: 'placed';
      total: {
        amountMinor: number;
        currency: string;
      };
    };
    OrderList: {
      orders: components['schemas']['Order'][];
      /** Format: uuid */
      next?: string;
    };
    Order: {
      /** Format: uuid */
      orderId: string;
      /** @enum {string} */
      status: 'placed' | 'confirmed' | 'completed' | 'refunding' | 'refunded' | 'cancelled';
      /** @enum {boolean} */
      cancellationRequested?: true;
      /** @enum {string} */
      cancellationReason?: 'payment-declined' | 'stock-short' | 'timed-out' | 'capture-failed' | 'customer';
      items: {
        sku: string;
        name: string;
        quantity: number;
        unitPrice: {
          amountMinor: number;
          currency: string;
        };
      }[];
      total: {
        amountMinor: number;
        currency: string;
      };
      /** Format: date-time */
      placedAt: string;
      /** Format: date-time */
      updatedAt: string;
    };
    OrderHistory: {
      /** Format: uuid */
      orderId: string;
      history: components['schemas']['OrderHistoryEntry'][];
    };
    OrderHistoryEntry: {
      version: number;
      type: string;
      /** Format: date-time */
      occurredAt: string;
      /** @enum {string} */
      cancellationReason?: 'payment-declined' | 'stock-short' | 'timed-out' | 'capture-failed' | 'customer';
    };
    OrderStatus: {
      /** Format: uuid */
      orderId: string;
      /** @enum {string} */
      status: 'placed' | 'confirmed' | 'completed' | 'refunding' | 'refunded' | 'cancelled';
      /** @enum {boolean} */
      cancellationRequested?: true;
      /** @enum {string} */
      cancellationReason?: 'payment-declined' | 'stock-short' | 'timed-out' | 'capture-failed' | 'customer';
    };
    Problem: {
      /** @description urn:cartwheel:problem:<code> */
      type: string;
      title: string;
      status: number;
      /** @description stable; docs/reference/errors.md lists them */
      code: string;
      detail: string;
      errors?: {
        path: string;
        message: string;
      }[];
    };
  };
  responses: never;
  parameters: never;
  requestBodies: never;
  headers: never;
  pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
  'deadLetters.dead': {
    parameters: {
      query?: {
        consumer?: string;
        type?: string;
        key?: string;
        errorClass?: string;
        since?: string;
        until?: string;
        after?: string;
        limit?: number;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ParkedMessages'];
        };
      };
      /** @description A problem */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'] & {
            /** @enum {string} */
            code:
              | 'operators-only'
              | 'invalid-request'
              | 'malformed-request'
              | 'not-found'
              | 'request-too-slow'
              | 'body-too-large'
              | 'uri-too-long'
              | 'unsupported-media-type'
              | 'headers-too-large'
              | 'internal-error'
              | 'temporarily-unavailable'
              | 'answer-too-slow';
          };
        };
      };
    };
  };
  'deadLetters.parked': {
    parameters: {
      query?: {
        consumer?: string;
        type?: string;
        key?: string;
        errorClass?: string;
        since?: string;
        until?: string;
        after?: string;
        limit?: number;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ParkedMessages'];
        };
      };
      /** @description A problem */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'] & {
            /** @enum {string} */
            code:
              | 'operators-only'
              | 'invalid-request'
              | 'malformed-request'
              | 'not-found'
              | 'request-too-slow'
              | 'body-too-large'
              | 'uri-too-long'
              | 'unsupported-media-type'
              | 'headers-too-large'
              | 'internal-error'
              | 'temporarily-unavailable'
              | 'answer-too-slow';
          };
        };
      };
    };
  };
  'deadLetters.show': {
    parameters: {
      query?: never;
      header?: never;
      path: {
        position: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['DeadLetter'];
        };
      };
      /** @description A problem */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'] & {
            /** @enum {string} */
            code:
              | 'operators-only'
              | 'dead-letter-not-found'
              | 'invalid-request'
              | 'malformed-request'
              | 'not-found'
              | 'request-too-slow'
              | 'body-too-large'
              | 'uri-too-long'
              | 'unsupported-media-type'
              | 'headers-too-large'
              | 'internal-error'
              | 'temporarily-unavailable'
              | 'answer-too-slow';
          };
        };
      };
    };
  };
  'deadLetters.replay': {
    parameters: {
      query?: never;
      header?: never;
      path: {
        position: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          reason?: string;
        };
      };
    };
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Standing'];
        };
      };
      /** @description A problem */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'] & {
            /** @enum {string} */
            code:
              | 'operators-only'
              | 'operator-missing'
              | 'dead-letter-not-found'
              | 'dead-letter-not-dead'
              | 'dead-letter-not-replayable'
              | 'invalid-request'
              | 'malformed-request'
              | 'not-found'
              | 'request-too-slow'
              | 'body-too-large'
              | 'uri-too-long'
              | 'unsupported-media-type'
              | 'headers-too-large'
              | 'internal-error'
              | 'temporarily-unavailable'
              | 'answer-too-slow';
          };
        };
      };
    };
  };
  'deadLetters.discard': {
    parameters: {
      query?: never;
      header?: never;
      path: {
        position: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          reason?: string;
        };
      };
    };
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Standing'];
        };
      };
      /** @description A problem */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'] & {
            /** @enum {string} */
            code:
              | 'operators-only'
              | 'operator-missing'
              | 'dead-letter-not-found'
              | 'dead-letter-not-dead'
              | 'dead-letter-reason-missing'
              | 'invalid-request'
              | 'malformed-request'
              | 'not-found'
              | 'request-too-slow'
              | 'body-too-large'
              | 'uri-too-long'
              | 'unsupported-media-type'
              | 'headers-too-large'
              | 'internal-error'
              | 'temporarily-unavailable'
              | 'answer-too-slow';
          };
        };
      };
    };
  };
  'deadLetters.reveal': {
    parameters: {
      query?: never;
      header?: never;
      path: {
        position: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          reason?: string;
        };
      };
    };
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Revealed'];
        };
      };
      /** @description A problem */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'] & {
            /** @enum {string} */
            code:
              | 'operators-only'
              | 'operator-missing'
              | 'dead-letter-not-found'
              | 'invalid-request'
              | 'malformed-request'
              | 'not-found'
              | 'request-too-slow'
              | 'body-too-large'
              | 'uri-too-long'
              | 'unsupported-media-type'
              | 'headers-too-large'
              | 'internal-error'
              | 'temporarily-unavailable'
              | 'answer-too-slow';
          };
        };
      };
    };
  };
  'trail.trail': {
    parameters: {
      query: {
        orderId: string;
        messages?: string;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
      /** @description A problem */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'] & {
            /** @enum {string} */
            code:
              | 'invalid-request'
              | 'malformed-request'
              | 'not-found'
              | 'request-too-slow'
              | 'body-too-large'
              | 'uri-too-long'
              | 'unsupported-media-type'
              | 'headers-too-large'
              | 'internal-error'
              | 'temporarily-unavailable'
              | 'answer-too-slow';
          };
        };
      };
    };
  };
  'listProducts.list': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Products'];
        };
      };
      /** @description A problem */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'] & {
            /** @enum {string} */
            code:
              | 'invalid-request'
              | 'malformed-request'
              | 'not-found'
              | 'request-too-slow'
              | 'body-too-large'
              | 'uri-too-long'
              | 'unsupported-media-type'
              | 'headers-too-large'
              | 'internal-error'
              | 'temporarily-unavailable'
              | 'answer-too-slow';
          };
        };
      };
    };
  };
  'placeOrder.place': {
    parameters: {
      query?: never;
      header: {
        /** @description New for each request, the same for its repeats; kept for 24 hours */
        'Idempotency-Key': string;
      };
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['Checkout'];
      };
    };
    responses: {
      202: {
        headers: {
          Location?: string;
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Receipt'];
        };
      };
      /** @description A problem */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'] & {
            /** @enum {string} */
            code:
              | 'idempotency-key-missing'
              | 'idempotency-key-invalid'
              | 'idempotency-key-in-use'
              | 'idempotency-key-reused'
              | 'unknown-product'
              | 'outbox-too-old'
              | 'invalid-request'
              | 'malformed-request'
              | 'not-found'
              | 'request-too-slow'
              | 'body-too-large'
              | 'uri-too-long'
              | 'unsupported-media-type'
              | 'headers-too-large'
              | 'internal-error'
              | 'temporarily-unavailable'
              | 'answer-too-slow';
          };
        };
      };
    };
  };
  'listOrders.list': {
    parameters: {
      query?: {
        limit?: number;
        after?: string;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['OrderList'];
        };
      };
      /** @description A problem */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'] & {
            /** @enum {string} */
            code:
              | 'invalid-request'
              | 'malformed-request'
              | 'not-found'
              | 'request-too-slow'
              | 'body-too-large'
              | 'uri-too-long'
              | 'unsupported-media-type'
              | 'headers-too-large'
              | 'internal-error'
              | 'temporarily-unavailable'
              | 'answer-too-slow';
          };
        };
      };
    };
  };
  'getOrder.get': {
    parameters: {
      query?: {
        at?: string;
      };
      header?: never;
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Order'];
        };
      };
      /** @description A problem */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'] & {
            /** @enum {string} */
            code:
              | 'order-not-found'
              | 'invalid-request'
              | 'malformed-request'
              | 'not-found'
              | 'request-too-slow'
              | 'body-too-large'
              | 'uri-too-long'
              | 'unsupported-media-type'
              | 'headers-too-large'
              | 'internal-error'
              | 'temporarily-unavailable'
              | 'answer-too-slow';
          };
        };
      };
    };
  };
  'getOrder.history': {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['OrderHistory'];
        };
      };
      /** @description A problem */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'] & {
            /** @enum {string} */
            code:
              | 'order-not-found'
              | 'invalid-request'
              | 'malformed-request'
              | 'not-found'
              | 'request-too-slow'
              | 'body-too-large'
              | 'uri-too-long'
              | 'unsupported-media-type'
              | 'headers-too-large'
              | 'internal-error'
              | 'temporarily-unavailable'
              | 'answer-too-slow';
          };
        };
      };
    };
  };
  'streamOrder.stream': {
    parameters: {
      query?: never;
      header?: {
        'Last-Event-ID'?: string;
      };
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description each event: id is the version, event the type */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'text/event-stream': components['schemas']['OrderHistoryEntry'];
        };
      };
      /** @description the client has seen all that there will ever be */
      204: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
      /** @description A problem */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'] & {
            /** @enum {string} */
            code:
              | 'order-not-found'
              | 'too-many-streams'
              | 'invalid-request'
              | 'malformed-request'
              | 'not-found'
              | 'request-too-slow'
              | 'body-too-large'
              | 'uri-too-long'
              | 'unsupported-media-type'
              | 'headers-too-large'
              | 'internal-error'
              | 'temporarily-unavailable'
              | 'answer-too-slow';
          };
        };
      };
    };
  };
  'cancelOrder.cancel': {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      202: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['OrderStatus'];
        };
      };
      /** @description A problem */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'] & {
            /** @enum {string} */
            code:
              | 'order-not-found'
              | 'order-already-cancelled'
              | 'invalid-request'
              | 'malformed-request'
              | 'not-found'
              | 'request-too-slow'
              | 'body-too-large'
              | 'uri-too-long'
              | 'unsupported-media-type'
              | 'headers-too-large'
              | 'internal-error'
              | 'temporarily-unavailable'
              | 'answer-too-slow';
          };
        };
      };
    };
  };
}
