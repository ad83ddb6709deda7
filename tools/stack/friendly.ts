/** An error whose message is meant for a person: print the message alone, without a stack. */
export class Friendly extends Error {
  override name = 'Friendly';
}

/** An engine found one of its ports in use; with free ports the stack tries again elsewhere. */
export class PortTaken extends Friendly {}
