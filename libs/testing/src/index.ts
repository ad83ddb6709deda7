export { type Engines, engines, testNamespace } from './engines.ts';
export { eventually } from './eventually.ts';
export { runFixture, type FixtureRun } from './fixture.ts';
export { testDatabase, type TestDatabase } from './test-database.ts';
