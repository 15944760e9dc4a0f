import { AgentProcess } from '../../testing/index.ts';
import type { TestPerson } from './test-person.ts';

/** A new device of this person, linked by a code and six digits. */
export async function linkAgent(dir: string, person: TestPerson): Promise<AgentProcess> {
  const agent = await AgentProcess.on(dir);
  agent.start('--server', person.origin);
  const { code } = await agent.event('code');
  const added = person.rockpool.addDevice(String(code));
  const { digits } = await agent.event('digits');
  if ((await person.digits()) !== digits) throw new Error('the digits differ');
  person.rockpool.answerDigits(true);
  agent.answer({ same: true });
  const result = await added;
  if (!result.ok) throw new Error(result.error.code);
  await agent.event('linked');
  return agent;
}
