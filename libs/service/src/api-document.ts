import { COMMON_PROBLEMS, PROBLEM_CODES } from '@cartwheel/http';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';

const OPERATIONS = ['get', 'post', 'put', 'patch', 'delete'] as const;

/** Every refusal has this shape (RFC 9457); `code` is what a client may rely on. */
const PROBLEM = {
  type: 'object',
  required: ['type', 'title', 'status', 'code', 'detail'],
  properties: {
    type: { type: 'string', description: 'urn:cartwheel:problem:<code>' },
    title: { type: 'string' },
    status: { type: 'integer' },
    code: { type: 'string', description: 'stable; docs/reference/errors.md lists them' },
    detail: { type: 'string' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['path', 'message'],
        properties: { path: { type: 'string' }, message: { type: 'string' } },
      },
    },
  },
};

/**
 * `/docs` shows the service's API, `/docs/openapi.json` is it: OpenAPI 3.1 from the controllers and the zod schemas that
 * check the requests. Made when somebody asks for the first time.
 */
export function serveApiDocument(app: NestFastifyApplication, name: string): void {
  const head = new DocumentBuilder().setOpenAPIVersion('3.1.0').setTitle(`Cartwheel: ${name}`).setVersion('1').build();
  const options = { autoTagControllers: false, operationIdFactory };
  let document: OpenAPIObject | undefined;
  SwaggerModule.setup(
    'docs',
    app,
    () => (document ??= withProblems(SwaggerModule.createDocument(app, head, options))),
    {
      jsonDocumentUrl: 'docs/openapi.json',
      customSiteTitle: `Cartwheel: ${name}`,
    },
  );
}

/** `GetOrderController`, `history` → `getOrder.history` */
function operationIdFactory(controller: string, method: string): string {
  const name = controller.replace(/Controller$/, '');
  return `${name.charAt(0).toLowerCase()}${name.slice(1)}.${method}`;
}

function withProblems(document: OpenAPIObject): OpenAPIObject {
  document.components = { ...document.components, schemas: { ...document.components?.schemas, Problem: PROBLEM } };
  for (const operation of Object.values(document.paths).flatMap((path) => OPERATIONS.map((method) => path[method]))) {
    if (!operation) continue;
    const extended = operation as typeof operation & { [PROBLEM_CODES]?: readonly string[] };
    operation.responses['default'] = refusal([...(extended[PROBLEM_CODES] ?? []), ...COMMON_PROBLEMS]);
    delete extended[PROBLEM_CODES];
  }
  return document;
}

/** A problem with one of these codes. */
function refusal(codes: readonly string[]) {
  const oneOfThese = { type: 'object', required: ['code'], properties: { code: { type: 'string', enum: [...codes] } } };
  const schema = { allOf: [{ $ref: '#/components/schemas/Problem' }, oneOfThese] };
  return { description: 'A problem', content: { 'application/problem+json': { schema } } };
}
