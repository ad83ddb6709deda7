import TestRunner from 'jest-runner';

/**
 * A shop of five services, under load and killed, takes both cores of a small machine; two of them side by side wait for
 * each other until a hang guard fires. These specs run after the others, one at a time.
 */
export default class OneAtATime extends TestRunner {
  constructor(globalConfig, context) {
    super({ ...globalConfig, maxWorkers: 1 }, context);
  }
}
