// The self-check: what answers name, and when an operator is warned.
import t from 'tap';
import { BindingResponder } from '../src/binding-responder.ts';
import { scopeOf } from '../src/codec/address-scope.ts';
import { ANSWER_BYTES_MAX } from '../src/codec/binding-answer.ts';
import { parseIpAddress } from '../src/codec/ip-address.ts';
import { parseDefaultGateway } from '../src/default-gateway.ts';
import { readSourceAddress, sourceAddress } from '../src/source-address.ts';
import { SourceLimiter } from '../src/source-limiter.ts';
import { TranslationWatch } from '../src/translation-watch.ts';
import { attribute, message } from './stun-messages.ts';

t.test('every address is public, private or loopback', (t) => {
  const expected = {
    public: [
      '192.0.2.1',
      '172.15.0.1',
      '172.32.0.1',
      '100.128.0.1',
      '2001:db8::1',
      'fe00::1',
      '::2',
    ],
    private: ['10.0.0.1', '172.16.0.1', '172.31.255.1', '192.168.1.1', '169.254.1.1', '100.64.0.1'],
    loopback: ['127.0.0.1', '127.9.9.9', '::1'],
  };
  expected.private.push('fe80::1', 'fd00::1', 'fc00::1', '::ffff:10.0.0.1');
  for (const [scope, addresses] of Object.entries(expected)) {
    for (const text of addresses) {
      const bytes = new Uint8Array(16);
      const length = parseIpAddress(text, bytes);
      t.ok(length !== 0 && scopeOf(bytes, length) === scope, `${text} is ${scope}`);
    }
  }
  t.end();
});

t.test('the default gateway is read from the table of the kernel', (t) => {
  const head = 'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\n';
  const local = 'eth0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\n';
  const gateway = 'eth0\t00000000\t010011AC\t0003\t0\t0\t0\t00000000\n';
  t.same(parseDefaultGateway(head + local + gateway), Uint8Array.of(172, 17, 0, 1));
  const useless = ['', head, head + local, `${head}eth0\t00000000\tXX\t0003`, `${head}\t\t\t`];
  useless.push(`${head}tun0\t00000000\t00000000\t0001\n`);
  for (const table of useless) t.equal(parseDefaultGateway(table), undefined);
  t.end();
});

t.test('[STUN-18] answers are counted by what they name, the operator is warned once', (t) => {
  const warned: unknown[] = [];
  const logger = { warn: (fields: object) => void warned.push(fields) };
  const watch = new TranslationWatch(Uint8Array.of(172, 17, 0, 1), logger);
  const limiter = new SourceLimiter({ answersPerSecond: 1, burst: 100, sourcesMax: 64 });
  const stun = new BindingResponder(limiter, watch);
  const source = sourceAddress();
  const ask = (address: string, request = message()) => {
    readSourceAddress(address, 9, source);
    return stun.respond(request, source, 0, new Uint8Array(ANSWER_BYTES_MAX));
  };
  for (const address of ['192.0.2.1', '2001:db8::1', '127.0.0.1', '::1']) ask(address);
  t.same(warned, [], 'nothing to warn of');
  for (let count = 0; count < 3; count += 1) ask('172.17.0.1');
  ask('172.17.0.2');
  ask('172.17.0.1', message(attribute(3, new Uint8Array(4))));
  ask('::ffff:172.17.0.1');
  t.same(warned, [{ named: 'gateway' }, { named: 'private' }]);
  t.same(watch.counts, { public: 2, private: 1, loopback: 2, gateway: 4 });
  t.end();
});
