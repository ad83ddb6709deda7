/** The present moment. Passed in where a test must be able to choose it. */
export type Clock = () => Date;

export const systemClock: Clock = () => new Date();
