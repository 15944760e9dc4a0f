import fc from 'fast-check';
import t from 'tap';
import {
  decodeQuietGroups,
  decodeQuietPlaces,
  encodeQuietGroups,
  encodeQuietPlaces,
} from '../src/format/quiet-groups.ts';
import { roundTrip } from '../testing/round-trip.ts';

const number = fc.nat({ max: Number.MAX_SAFE_INTEGER });
const places = fc
  .uniqueArray(fc.tuple(number, fc.record({ term: number, index: number })), {
    selector: ([group]) => group,
    maxLength: 20,
  })
  .map((list) => new Map(list.sort(([a], [b]) => a - b)));

const hex = (value: Uint8Array): string => Buffer.from(value).toString('hex');
const fromHex = (value: string): Uint8Array => new Uint8Array(Buffer.from(value, 'hex'));

t.test('[PEER-12] lists of quiet groups survive a round trip, and decoders refuse', (t) => {
  roundTrip(t, places, encodeQuietPlaces, decodeQuietPlaces);
  roundTrip(
    t,
    fc.record({ led: fc.uint8Array({ maxLength: 40 }), agreed: fc.uint8Array({ maxLength: 40 }) }),
    encodeQuietGroups,
    decodeQuietGroups,
  );
  t.end();
});

t.test('[PEER-12] the bytes, whatever the order in which groups came to rest', (t) => {
  const led = encodeQuietPlaces(
    new Map([
      [300, { term: 2, index: 5 }],
      [1, { term: 1, index: 128 }],
    ]),
  );
  t.equal(hex(led), '01018001' + 'ac020205');
  const agreed = encodeQuietPlaces(new Map([[2, { term: 1, index: 3 }]]));
  t.equal(hex(encodeQuietGroups({ led, agreed })), `00000008${hex(led)}020103`);
  t.end();
});

t.test('[PEER-12] groups out of order, twice, or cut short are no list', (t) => {
  for (const bad of ['020103010103', '010103010103', '0101', '01010301', '818080808080808080']) {
    t.equal(decodeQuietPlaces(fromHex(bad)), undefined, bad);
  }
  t.equal(decodeQuietGroups(fromHex('00000004010103')), undefined, 'a length beyond the end');
  t.equal(decodeQuietGroups(fromHex('0000')), undefined);
  t.end();
});

t.test('[PEER-12] a list names as many groups as there can be, and no more', (t) => {
  const listOf = (count: number): Uint8Array => {
    const groups = Array.from({ length: count }, (_, group) => group);
    return encodeQuietPlaces(new Map(groups.map((group) => [group, { term: 1, index: 1 }])));
  };
  t.equal(decodeQuietPlaces(listOf(1_025))?.size, 1_025);
  t.equal(decodeQuietPlaces(listOf(1_026)), undefined);
  t.end();
});
