import fc from 'fast-check';
import t from 'tap';
import { ANSWERS_QUEUED_MAX, AnswerRing } from '../src/answer-ring.ts';
import { BindingResponder } from '../src/binding-responder.ts';
import { ANSWER_BYTES_MAX } from '../src/codec/binding-answer.ts';
import { parseIpAddress } from '../src/codec/ip-address.ts';
import { readSourceAddress, sourceAddress } from '../src/source-address.ts';
import { SourceLimiter } from '../src/source-limiter.ts';
import { TranslationWatch } from '../src/translation-watch.ts';
import { attribute, message } from './stun-messages.ts';

const LIMIT = { answersPerSecond: 10, burst: 5, sourcesMax: 64 };

function limiterOf(limit = LIMIT) {
  const limiter = new SourceLimiter(limit);
  const bytes = new Uint8Array(16);
  return (address: string, nowMs: number) => {
    const length = parseIpAddress(address, bytes);
    if (length === 0) throw new Error(`no address: ${address}`);
    return limiter.take(bytes, length, nowMs);
  };
}

t.test('[STUN-9] a source gets its burst, then its rate', (t) => {
  const take = limiterOf();
  const answered = (times: number, nowMs: number) =>
    Array.from({ length: times }, () => take('192.0.2.1', nowMs)).filter(Boolean).length;
  t.equal(answered(9, 1000), 5);
  t.equal(answered(9, 1099), 0);
  t.equal(answered(9, 1100), 1);
  t.equal(answered(9, 1600), 5);
  t.equal(answered(9, 9_000_000), 5, 'a long silence saves up no more than the burst');
  t.end();
});

t.test('[STUN-9] in any stretch of time a source gets at most burst + rate × time', (t) => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 100 }), (gapsMs) => {
      const take = limiterOf();
      let nowMs = 0;
      let answered = 0;
      for (const gapMs of gapsMs) {
        nowMs += gapMs;
        if (take('192.0.2.1', nowMs)) answered += 1;
      }
      return answered <= LIMIT.burst + (nowMs * LIMIT.answersPerSecond) / 1000;
    }),
  );
  t.pass('the property holds');
  t.end();
});

t.test('[STUN-9] IPv4 addresses count each, IPv6 addresses by their /64', (t) => {
  const take = limiterOf();
  for (let count = 0; count < LIMIT.burst; count += 1) {
    t.ok(take('2001:db8:0:1::1', 0));
    t.ok(take('192.0.2.1', 0));
  }
  t.notOk(take('2001:db8:0:1:ffff::2', 0), 'the same /64');
  t.ok(take('2001:db8:0:2::1', 0), 'the next /64');
  t.notOk(take('::ffff:192.0.2.1', 0), 'the same IPv4 address, mapped');
  t.ok(take('192.0.2.2', 0));
  t.end();
});

t.test('[STUN-11] a flood of forged sources makes room by forgetting the most silent ones', (t) => {
  const take = limiterOf({ ...LIMIT, sourcesMax: 4 });
  for (let count = 0; count < LIMIT.burst; count += 1) take('192.0.2.1', 0);
  for (const [at, address] of ['192.0.2.2', '192.0.2.3', '192.0.2.4'].entries())
    take(address, 1 + at);
  t.notOk(take('192.0.2.1', 4), 'four sources are remembered');
  take('192.0.2.5', 5);
  t.notOk(take('192.0.2.1', 6), 'the fifth took the place of the one silent longest');
  for (let last = 6; last < 256; last += 1) t.ok(take(`192.0.2.${last}`, last));
  t.ok(take('192.0.2.1', 300), 'forgotten, and served like a new one');
  t.end();
});

function responder() {
  const watch = new TranslationWatch(undefined, undefined);
  const responder = new BindingResponder(new SourceLimiter(LIMIT), watch);
  const source = sourceAddress();
  const answer = new Uint8Array(ANSWER_BYTES_MAX);
  const respond = (datagram: Uint8Array, address: string, port: number) => {
    readSourceAddress(address, port, source);
    return responder.respond(datagram, source, 0, answer);
  };
  return { respond, outcomes: responder.outcomes };
}

t.test('[STUN-10] a datagram from source port 0 gets no answer', (t) => {
  const stun = responder();
  t.equal(stun.respond(message(), '192.0.2.1', 0), 0);
  t.equal(stun.outcomes['bad-source'], 1);
  t.equal(stun.respond(message(), '192.0.2.1', 1), 32);
  t.end();
});

t.test('[STUN-9] requests above the limit get no answer, garbage costs a source nothing', (t) => {
  const stun = responder();
  for (let count = 0; count < 100; count += 1) stun.respond(new Uint8Array(99), '192.0.2.1', 9);
  const lengths = Array.from({ length: 7 }, () => stun.respond(message(), '192.0.2.1', 9));
  t.same(lengths, [32, 32, 32, 32, 32, 0, 0]);
  t.equal(stun.outcomes.success, 5);
  t.equal(stun.outcomes.limited, 2);
  t.equal(stun.outcomes['not-stun'], 100);
  t.end();
});

t.test('[STUN-8] IPv6 sources get 44 bytes, IPv4-mapped ones 32', (t) => {
  const stun = responder();
  t.equal(stun.respond(message(), '2001:db8::1', 9), 44);
  t.equal(stun.respond(message(), '::ffff:192.0.2.9', 9), 32);
  t.equal(stun.respond(message(), 'not an address', 9), 0);
  t.end();
});

t.test('[STUN-11] answers that wait for the kernel are not overwritten', (t) => {
  const ring = new AnswerRing();
  const rooms = Array.from({ length: 2 * ANSWERS_QUEUED_MAX }, () => {
    ring.advance();
    return ring.room;
  });
  t.equal(new Set(rooms).size, ANSWERS_QUEUED_MAX);
  t.equal(new Set(rooms.slice(1, 1 + ANSWERS_QUEUED_MAX)).size, ANSWERS_QUEUED_MAX);
  t.end();
});

t.test('[STUN-7] the longest answer fits its buffer', (t) => {
  const stun = responder();
  const many = Array.from({ length: 128 }, (_, at) => attribute(0x100 + at, new Uint8Array(0)));
  const length = stun.respond(message(...many), '192.0.2.1', 9);
  t.equal(length, ANSWER_BYTES_MAX - 8);
  t.equal(stun.outcomes['unknown-attributes'], 1);
  t.end();
});
