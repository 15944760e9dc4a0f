// The agent: the engine without a window. It links itself, tells what comes in, and answers commands
// until it is told to stop.

import {
  type ClientView,
  createRockpool,
  type LinkingView,
  type Platform,
  type Rockpool,
} from '@rockpool/client-core';
import { AgentError } from '../agent-errors.ts';
import { startControlServer } from '../control/control-server.ts';
import { answerRequests } from './answer-requests.ts';
import { linkDevice } from './link-device.ts';
import { EntryReport, type News } from './report-entries.ts';
import { type TroubleNews, TroubleReport } from './report-troubles.ts';
import { SavedFiles } from './saved-files.ts';
import { untilSeen } from './watch-view.ts';

/** What a person or a program sees of the agent. */
export interface AgentScreen {
  linking(step: LinkingView): void;
  /** Are the digits the same on the other device? Undefined where nobody can be asked. */
  same(digits: string, over: AbortSignal): Promise<boolean | undefined>;
  linked(view: ClientView): void;
  news(news: News): void;
  /** A device that is online cannot be reached, or can again. */
  trouble(news: TroubleNews): void;
  /** The view as it is now. */
  status(view: ClientView): void;
}

export interface AgentParts {
  readonly platform: Platform;
  readonly dataDirectory: string;
  readonly screen: AgentScreen;
  /** Whether others may reach this device over a relay only; undefined: as it was. */
  readonly hideAddress: boolean | undefined;
  /** Aborts when the agent is asked to end. */
  readonly stop: AbortSignal;
}

/** Resolves once it was asked to stop and has. Rejects with what is coded. */
export async function runAgent(parts: AgentParts): Promise<void> {
  const { platform, dataDirectory, screen, hideAddress, stop } = parts;
  const rockpool = createRockpool(platform);
  try {
    // Before anybody is met: it is the first thing that the engine does once it has started.
    if (hideAddress !== undefined) await hide(rockpool, hideAddress);
    const saved = await SavedFiles.load(platform.store);
    const nowMs = () => platform.clock.nowMs();
    const control = await startControlServer(
      dataDirectory,
      answerRequests({ rockpool, saved, nowMs }),
    );
    try {
      const sinceMs = await signIn(rockpool, parts);
      await stay(rockpool, sinceMs, screen, stop);
    } finally {
      await control.close();
    }
  } catch (error) {
    if (!stop.aborted) throw error;
  } finally {
    await rockpool.stop();
  }
}

async function hide(rockpool: Rockpool, hideAddress: boolean): Promise<void> {
  const done = await rockpool.hideAddress(hideAddress);
  if (!done.ok) throw new AgentError('AGENT_FAILED', done.error.message);
}

/** Links this device if it has no account. Resolves to the moment from which entries are news. */
async function signIn(rockpool: Rockpool, { platform, screen, stop }: AgentParts): Promise<number> {
  const view = await untilSeen(rockpool, stop, (seen) => {
    return seen.stage === 'starting' ? undefined : seen;
  });
  if (view.stage === 'blocked') {
    throw new AgentError('AGENT_FAILED', view.capabilities.blockedBy?.reason);
  }
  if (view.stage === 'signedIn') return 0;
  await online(rockpool, screen, stop);
  const cancel = () => rockpool.cancelLinking();
  stop.addEventListener('abort', cancel);
  try {
    await linkDevice(rockpool, {
      show: (step) => screen.linking(step),
      same: (digits, over) => screen.same(digits, over),
    });
  } finally {
    stop.removeEventListener('abort', cancel);
  }
  screen.linked(rockpool.view());
  return platform.clock.nowMs();
}

/** A code comes from a server. */
async function online(rockpool: Rockpool, screen: AgentScreen, stop: AbortSignal): Promise<void> {
  await untilSeen(rockpool, stop, (view) => {
    screen.status(view);
    return view.server.status === 'online' ? view : undefined;
  });
}

async function stay(
  rockpool: Rockpool,
  sinceMs: number,
  screen: AgentScreen,
  stop: AbortSignal,
): Promise<void> {
  const report = new EntryReport(sinceMs);
  report.skip(rockpool.view());
  const troubles = new TroubleReport();
  const look = () => {
    const view = rockpool.view();
    for (const news of report.take(view)) screen.news(news);
    for (const news of troubles.take(view)) screen.trouble(news);
    screen.status(view);
  };
  const unsubscribe = rockpool.subscribe(look);
  screen.status(rockpool.view());
  await new Promise<void>((resolve) => {
    if (stop.aborted) resolve();
    stop.addEventListener('abort', () => resolve());
  });
  unsubscribe();
}
