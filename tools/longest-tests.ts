/** They begin first: one that began last would keep one core busy and leave the others idle. */
export const LONGEST_TESTS: readonly string[] = [
  'e2e/test/journeys.test.ts',
  'clients/desktop/test/commands.test.ts',
  'server/test/integration/changing-nodes.test.ts',
];
