// Links this device to a person's account: codes are shown until one is used, then the digits are
// compared by the person, who sees both screens.

import type { LinkingView, Rockpool } from '@rockpool/client-core';
import { AgentError } from '../agent-errors.ts';
import { AnsweredError } from '../failure.ts';

/** Codes that expire unused before it is given up. */
const CODES_MAX = 10;

export interface LinkDialog {
  /** Every step, as it comes. */
  show(linking: LinkingView): void;
  /**
   * Does the other device show the same digits? Undefined where nobody can be asked. Aborted when
   * the answer is not wanted any more.
   */
  same(digits: string, over: AbortSignal): Promise<boolean | undefined>;
}

/** Resolves once this device belongs to an account. Rejects with AgentError, or the engine's words. */
export async function linkDevice(rockpool: Rockpool, dialog: LinkDialog): Promise<void> {
  for (let codes = 0; codes < CODES_MAX; codes++) {
    const failure = await showCode(rockpool, dialog);
    if (failure === undefined) return;
    if (failure !== 'unused') throw failure;
  }
  throw new AgentError('AGENT_LINK_UNUSED');
}

async function showCode(
  rockpool: Rockpool,
  dialog: LinkDialog,
): Promise<'unused' | Error | undefined> {
  const over = new AbortController();
  let shown: LinkingView | undefined;
  let compared = false;
  let unanswered = false;
  const see = () => {
    const { linking } = rockpool.view();
    if (linking === undefined || linking === shown) return;
    shown = linking;
    dialog.show(linking);
    if (linking.step !== 'comparing' || compared) return;
    compared = true;
    if (linking.answered) return;
    dialog.same(linking.digits, over.signal).then(
      (same) => {
        if (over.signal.aborted) return;
        unanswered = same === undefined;
        if (same === undefined) rockpool.cancelLinking();
        else rockpool.answerDigits(same);
      },
      () => rockpool.cancelLinking(),
    );
  };
  const unsubscribe = rockpool.subscribe(see);
  try {
    const linked = rockpool.linkThisDevice();
    see();
    const result = await linked;
    if (result.ok) return undefined;
    if (unanswered) return new AgentError('AGENT_LINK_UNANSWERED');
    const unused = result.error.code === 'LINK_TIMEOUT' && !compared;
    return unused ? 'unused' : new AnsweredError(result.error);
  } finally {
    over.abort();
    unsubscribe();
  }
}
