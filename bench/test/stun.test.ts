// The load believes no answer that is not right, and finds those of our own server right.
import fc from 'fast-check';
import t from 'tap';
import { bindingRequest, judgeAnswer, setTransaction } from '../src/stun/binding-exchange.ts';
import { stunBench } from '../src/stun/stun-bench.ts';

const ADDRESS = 0x7f010203;
const PORT = 40_000;

const request = bindingRequest();
setTransaction(request, Buffer.alloc(8, 0xab), 77);

/** As RFC 8489 has it: an unknown optional attribute of 3 bytes, then XOR-MAPPED-ADDRESS. */
function rightAnswer(): Buffer {
  const answer = Buffer.alloc(40);
  request.copy(answer);
  answer.writeUInt16BE(0x0101, 0);
  answer.writeUInt16BE(20, 2);
  answer.writeUInt32BE(0x8022_0003, 20);
  answer.writeUInt32BE(0x0020_0008, 28);
  answer.writeUInt16BE(1, 32);
  answer.writeUInt16BE(PORT ^ 0x2112, 34);
  answer.writeUInt32BE((ADDRESS ^ 0x2112a442) >>> 0, 36);
  return answer;
}

const judge = (answer: Buffer) => judgeAnswer(answer, request, ADDRESS, PORT);

t.test('the answer that names the source is right', async (t) => {
  t.equal(judge(rightAnswer()), 'right');
});

t.test('another address, another port, an error and a cut answer are wrong', async (t) => {
  t.equal(judgeAnswer(rightAnswer(), request, ADDRESS + 1, PORT), 'wrong');
  t.equal(judgeAnswer(rightAnswer(), request, ADDRESS, PORT + 1), 'wrong');
  const error = rightAnswer();
  error.writeUInt16BE(0x0111, 0);
  t.equal(judge(error), 'wrong');
  for (let bytes = 0; bytes < 40; bytes += 1) {
    t.equal(judge(rightAnswer().subarray(0, bytes)), 'wrong', `${bytes} bytes`);
  }
});

t.test('the answer to another request is neither right nor wrong', async (t) => {
  const other = rightAnswer();
  other.writeUInt32BE(78, 16);
  t.equal(judge(other), 'other');
});

t.test('no random bytes behind the right header are believed or make it throw', async () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      const answer = Buffer.concat([rightAnswer().subarray(0, 20), bytes]);
      answer.writeUInt16BE(bytes.length, 2);
      return judge(answer) !== 'right';
    }),
  );
});

t.test('the load gets right answers from the real command, and its cost', async (t) => {
  const ours = (await stunBench.contestants()).find(({ key }) => key === 'ours');
  const sample = await ours?.measure(1);
  t.ok(sample?.['answersPerSecond'], 'answers were counted');
  t.ok(sample?.['cpuPerMillion'], 'CPU time was counted');
  t.ok(sample?.['p99Ms'], 'answers were timed');
  t.ok(sample?.['floodMemoryMib'], 'memory was read after the flood');
});
