import fc from 'fast-check';
import t from 'tap';
import { MEMBERS_MAX, VOTERS_MAX } from '../src/core/configuration.ts';
import type { Configuration } from '../src/core/entry.ts';
import {
  configurationBytes,
  decodeConfiguration,
  encodeConfiguration,
} from '../src/format/configuration.ts';
import { decodeLogEntries, encodeLogEntries } from '../src/format/log-entry.ts';
import { configurations } from '../testing/arbitrary-configuration.ts';
import { roundTrip } from '../testing/round-trip.ts';

const ids = (count: number, from = 0): string[] =>
  Array.from({ length: count }, (_, at) => (from + at).toString(16).padStart(32, '0'));

t.test(
  '[STO-17] a configuration survives a round trip, and no bytes make its decoder throw',
  (t) => {
    roundTrip(t, configurations, encodeConfiguration, decodeConfiguration);
    fc.assert(
      fc.property(configurations, (value) => {
        return encodeConfiguration(value).length === configurationBytes(value);
      }),
    );
    t.end();
  },
);

t.test('[STO-17] what is no configuration is refused', (t) => {
  const [a, b] = ids(2) as [string, string];
  const refused: Readonly<Record<string, Configuration>> = {
    'a voter twice': { voters: [a, a], outgoing: [], learners: [] },
    'an outgoing voter twice': { voters: [a], outgoing: [b, b], learners: [] },
    'a voter that learns': { voters: [a], outgoing: [], learners: [a] },
    'learners without voters': { voters: [], outgoing: [], learners: [a] },
    'too many voters': { voters: ids(VOTERS_MAX + 1), outgoing: [], learners: [] },
    'too many members': { voters: [a], outgoing: [], learners: ids(MEMBERS_MAX, 1) },
  };
  for (const [what, configuration] of Object.entries(refused)) {
    t.equal(decodeConfiguration(encodeConfiguration(configuration)), undefined, what);
  }
  const most = { voters: [a], outgoing: [], learners: ids(MEMBERS_MAX - 1, 1) };
  t.same(decodeConfiguration(encodeConfiguration(most)), most);
  t.end();
});

t.test('[STO-8] [STO-17] an entry cannot leave a group without voters', (t) => {
  const content = { group: 1, index: 1, term: 1, checksum: 0, ruleVersion: 0, entryTimeMs: 0 };
  const configuration = { voters: [], outgoing: [], learners: [] };
  const command = new Uint8Array(0);
  const entry = { ...content, tableEpoch: 0, kind: 'configuration' as const, command };
  t.equal(decodeLogEntries(encodeLogEntries([{ ...entry, configuration }])), undefined);
  t.end();
});
