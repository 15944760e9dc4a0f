import t from 'tap';
import { AllocateAnswers } from '../src/adapters/allocate-answers.ts';

const message = (type: string, rest: string) =>
  Buffer.from(`${type}${rest.padEnd(36, '0')}`, 'hex');
const OPEN = message('0003', '01');
const SIGNED = message('0003', '02');
const REFUSAL = message('0113', '03');
const SUCCESS = message('0103', '04');

t.test('a server that answered each copy of the first request is heard once', async (t) => {
  const answers = new AllocateAnswers();
  for (let copy = 0; copy < 3; copy += 1) answers.asked(Buffer.from(OPEN));
  t.equal(answers.isNews(REFUSAL), true);
  answers.asked(SIGNED);
  t.equal(answers.isNews(REFUSAL), false);
  t.equal(answers.isNews(SUCCESS), true);
  t.equal(answers.isNews(REFUSAL), false, 'a late one too');
  t.equal(answers.isNews(REFUSAL), true, 'what comes then is about the credentials');
});

t.test('wrong credentials are heard of at once, and other datagrams are let alone', async (t) => {
  const answers = new AllocateAnswers();
  answers.asked(OPEN);
  t.equal(answers.isNews(REFUSAL), true);
  answers.asked(SIGNED);
  answers.asked(Buffer.from(SIGNED));
  t.equal(answers.isNews(REFUSAL), true);
  for (const other of [Buffer.alloc(0), Buffer.of(1), message('4000', 'aa')]) {
    answers.asked(other);
    t.equal(answers.isNews(other), true);
  }
});
