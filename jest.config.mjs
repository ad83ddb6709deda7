// One Jest for the whole repository. The suffix of a spec says its cost: `.spec` is pure; `.int.spec` and `.fault.spec`
// use the engines that `npm test` started; `.e2e.spec` also starts the five services.
const shared = {
  rootDir: import.meta.dirname,
  testEnvironment: 'node',
  // Workspace packages resolve to their sources, so that a test never runs yesterday's build.
  testEnvironmentOptions: { customExportConditions: ['@cartwheel/source', 'node', 'node-addons'] },
  extensionsToTreatAsEsm: ['.ts'],
  modulePathIgnorePatterns: ['/dist/', '<rootDir>/.cartwheel/', '<rootDir>/.nx/'],
  transform: {
    '\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2023',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
          keepClassNames: true,
        },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
};
const project = (displayName, pattern, own = {}) => ({
  ...shared,
  ...own,
  displayName,
  testMatch: [`<rootDir>/{apps,libs,tools}/**/${pattern}`],
});
const oneAtATime = { runner: '<rootDir>/tools/test/one-at-a-time.mjs' };

export default {
  projects: [
    project('unit', '!(*.int|*.fault|*.e2e).spec.ts'),
    project('int', '*.int.spec.ts'),
    project('fault', '*.fault.spec.ts', oneAtATime),
    project('e2e', '*.e2e.spec.ts', oneAtATime),
  ],
  maxWorkers: 2,
  testTimeout: 60_000,
  coverageProvider: 'v8',
};
