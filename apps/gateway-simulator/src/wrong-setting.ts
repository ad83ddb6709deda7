/** A setting that cannot work. Each problem is one sentence that begins with the variable's name. */
export class WrongSetting extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('; '));
    this.problems = problems;
  }
}
