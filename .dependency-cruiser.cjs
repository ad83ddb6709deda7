const platform = '^libs/(postgres|kafka|rabbitmq|observability|http)/';
const patterns = '^libs/(outbox|inbox|parking|event-store)/';
const product = { pathNot: '\\.spec\\.ts$' };

/** The directions of the house (docs/decisions/0001). Each rule says why it is there. */
module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'Two modules that need each other are one module, or lack a third.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'primitives-stand-alone',
      comment: 'Money, ids, errors: everybody may use them, so they use nobody.',
      severity: 'error',
      from: { path: '^libs/primitives/', ...product },
      to: { path: '^(libs/(?!primitives)|apps|tools)/' },
    },
    {
      name: 'messages-know-primitives-only',
      comment:
        'The machinery of messages serves any app: it is called with the facts and tasks of one, and knows none.',
      severity: 'error',
      from: { path: '^libs/messages/', ...product },
      to: { path: '^(libs/(?!messages|primitives)|apps|tools)/' },
    },
    {
      name: 'contracts-know-messages-only',
      comment: 'What is agreed between services must not depend on how one of them works.',
      severity: 'error',
      from: { path: '^libs/contracts/', ...product },
      to: { path: '^(libs/(?!contracts|messages|primitives)|apps|tools)/' },
    },
    {
      name: 'contracts-are-given',
      comment:
        'A platform or pattern library is given the contracts, so that another app takes it with facts of its own (docs/decisions/0120). Tests may use those of this shop.',
      severity: 'error',
      from: { path: [platform, patterns], pathNot: ['\\.spec\\.ts$', '/fixtures/'] },
      to: { path: '^libs/(contracts|service|client|testing)/' },
    },
    {
      name: 'patterns-know-no-broker',
      comment:
        'Outbox, inbox and parking are given `publish` and `apply`: they can be read, tested and reused without a broker.',
      severity: 'error',
      from: { path: patterns, ...product },
      to: { path: ['^libs/(kafka|rabbitmq|service|http)/', 'node_modules/(kafkajs|amqplib|@nestjs)/'] },
    },
    {
      name: 'brokers-know-no-pattern',
      comment: 'A strategy is given `apply(chunk)`; whether that deduplicates is not its business.',
      severity: 'error',
      from: { path: '^libs/(kafka|rabbitmq)/', ...product },
      to: { path: ['^libs/(postgres|outbox|inbox|parking|event-store|service|http)/'] },
    },
    {
      name: 'only-service-wires',
      comment: 'libs/service is the one place that knows both sides; nothing below it may reach up.',
      severity: 'error',
      from: { path: [platform, patterns, '^libs/testing/'] },
      to: { path: '^libs/service/' },
    },
    {
      name: 'libs-know-no-app',
      comment: 'Otherwise a fork could not take a library alone.',
      severity: 'error',
      from: { path: '^libs/' },
      to: { path: '^apps/' },
    },
    {
      name: 'libs-need-no-tools',
      comment: 'The same. Tests may start engines of their own with them, three brokers for example.',
      severity: 'error',
      from: { path: '^libs/', ...product },
      to: { path: '^tools/' },
    },
    {
      name: 'no-app-imports-another',
      comment: 'Services talk through contracts. The end-to-end tests talk to them over HTTP.',
      severity: 'error',
      from: { path: '^apps/((?!checkout-e2e)[^/]+)/' },
      to: { path: '^apps/', pathNot: '^apps/$1/' },
    },
    {
      name: 'apps-need-no-tools',
      comment: 'A service runs without the programs that start it. Tests may use them.',
      severity: 'error',
      from: { path: '^apps/(?!checkout-e2e)', ...product },
      to: { path: '^tools/' },
    },
    {
      name: 'domain-is-pure',
      comment: 'Rules of the business import primitives only: no database, no broker, no framework.',
      severity: 'error',
      from: { path: '^apps/[^/]+/src/domain/', ...product },
      to: { pathNot: ['^apps/[^/]+/src/domain/', '^libs/primitives/'] },
    },
    {
      name: 'slices-do-not-share',
      comment:
        'A slice imports domain, root files and the one port folder; what two slices need moves to one of these. A test of how two slices meet may know both.',
      severity: 'error',
      from: {
        path: '^apps/(order|payment|inventory|email|analytics)/src/((?!fixtures)[a-z-]+)/',
        pathNot: '\\.int\\.spec\\.ts$',
      },
      to: { path: '^apps/[^/]+/src/[a-z-]+/', pathNot: '^apps/[^/]+/src/($2|domain|gateway|mailer|fixtures)/' },
    },
    {
      name: 'fixtures-are-for-specs',
      comment: 'What tests share of a service stands in its fixtures folder, and the product does not know it.',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: ['\\.spec\\.ts$', '/fixtures/'] },
      to: { path: '/fixtures/' },
    },
    {
      name: 'product-never-imports-testing',
      comment:
        'Crash points come in through what is passed in, not through test code in the product. Fixtures are none of it: see fixtures-are-for-specs.',
      severity: 'error',
      from: {
        path: '^(apps/(?!checkout-e2e)|libs/(?!testing))',
        pathNot: ['\\.spec\\.ts$', '/fixtures/'],
      },
      to: { path: '^libs/testing/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(/dist/|\\.cartwheel/)' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.spec.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['@cartwheel/source', 'import', 'node', 'default'],
    },
  },
};
