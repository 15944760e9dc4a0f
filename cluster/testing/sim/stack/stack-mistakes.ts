// Known mistakes, for tests that show that the checks find them.

export interface StackMistakes {
  /** Peers are looked for where the membership lists them, whatever they say of themselves. */
  readonly callsListedAddresses?: boolean;
  /** The disk confirms what it has not written yet. */
  readonly confirmsEarly?: boolean;
  /** Tables are not checked at the start. */
  readonly verifiesNothing?: boolean;
}
