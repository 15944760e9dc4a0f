// What a person is told about the nodes: who is up, who stopped, who is back. The nodes' own list
// lags a few seconds behind a crash, so a node whose socket just broke under us counts as stopped
// until the list has had time to notice.

import type { NodeState } from '@rockpool/protocol';
import { JUST_BACK_MS, SUSPECT_MS } from '../limits.ts';
import type { NodeView } from '../view.ts';

export interface BoardNode {
  readonly name: string;
  readonly up: boolean;
  /** When it came back; before that long ago it is worth a word. */
  readonly backMs: number;
  /** Until then a claim that it is up is not believed. */
  readonly suspectUntilMs: number;
}

export type Board = readonly BoardNode[];

export interface BoardChange {
  readonly board: Board;
  readonly stopped: readonly string[];
  readonly back: readonly string[];
}

/** A list of nodes as a node told it. */
export function boardHeard(board: Board, states: readonly NodeState[], nowMs: number): BoardChange {
  const stopped: string[] = [];
  const back: string[] = [];
  const next = states.map((state): BoardNode => {
    const before = board.find((node) => node.name === state.name);
    const up = state.up === 1 && nowMs >= (before?.suspectUntilMs ?? 0);
    if (before === undefined) return { name: state.name, up, backMs: 0, suspectUntilMs: 0 };
    if (before.up === up) return before;
    (up ? back : stopped).push(state.name);
    return { ...before, up, backMs: up ? nowMs : 0 };
  });
  return { board: next, stopped, back };
}

/** The socket to this node broke without a goodbye. */
export function boardBroke(board: Board, name: string, nowMs: number): BoardChange {
  const before = board.find((node) => node.name === name);
  if (before === undefined) return { board, stopped: [], back: [] };
  const node = { ...before, up: false, suspectUntilMs: nowMs + SUSPECT_MS };
  const next = board.map((each) => (each === before ? node : each));
  return { board: next, stopped: before.up ? [name] : [], back: [] };
}

export function boardView(board: Board, nowMs: number): readonly NodeView[] {
  return board.map(({ name, up, backMs }) => ({
    name,
    up,
    justBack: up && backMs > 0 && nowMs - backMs < JUST_BACK_MS,
  }));
}
