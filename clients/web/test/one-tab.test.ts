import type { ClientView, Stage } from '@rockpool/client-core';
import t from 'tap';
import type { Database } from '../src/adapters/database.ts';
import { keepStorage } from '../src/adapters/keep-storage.ts';
import { ownStore } from '../src/adapters/store.ts';
import { holdTab, type TabState } from '../src/app/hold-tab.ts';

class App {
  stopped = false;
  async stop(): Promise<void> {
    this.stopped = true;
  }
}

type Run = (lock: Lock | null) => Promise<unknown>;

/** A lock manager with one lock, as the specification has it. */
function fakeLocks() {
  let rob: ((cause: Error) => void) | undefined;
  const request = async (_name: string, options: LockOptions, run: Run) => {
    if (rob !== undefined && options.steal !== true) return run(null);
    rob?.(new DOMException('stolen', 'AbortError'));
    return new Promise((resolve, reject) => {
      rob = reject;
      run({} as Lock).then(resolve, reject);
    });
  };
  return { request } as unknown as LockManager;
}

function tab(locks: LockManager, steal = false, start = async () => new App()) {
  const states: TabState<App>[] = [];
  const done = holdTab({ locks, steal, start, tell: (state) => void states.push(state) });
  return { states, done };
}

const turn = () => new Promise(setImmediate);

t.test('a second tab does not run, and can take over from the first', async (t) => {
  const locks = fakeLocks();
  const first = tab(locks);
  await turn();
  const [running] = first.states;
  t.equal(running?.kind, 'running');
  const second = tab(locks);
  await turn();
  t.match(second.states, [{ kind: 'elsewhere' }]);
  const robber = tab(locks, true);
  await first.done;
  t.equal(robber.states[0]?.kind, 'running');
  t.match(first.states.at(-1), { kind: 'elsewhere' });
  t.equal(running?.kind === 'running' && running.app.stopped, true);
});

t.test('a tab that is robbed while it starts never runs', async (t) => {
  const locks = fakeLocks();
  const gate = Promise.withResolvers<App>();
  const first = tab(locks, false, () => gate.promise);
  await turn();
  tab(locks, true);
  await first.done;
  const late = new App();
  gate.resolve(late);
  await turn();
  t.match(first.states, [{ kind: 'elsewhere' }]);
  t.equal(late.stopped, true);
});

t.test('a tab that cannot start says why', async (t) => {
  const failing = tab(fakeLocks(), false, async () => Promise.reject(new Error('no storage')));
  await failing.done;
  t.match(failing.states, [{ kind: 'failed', reason: /no storage/ }]);
});

/** As much of a database as the store's writes use: one transaction at a time, all or nothing. */
function fakeDatabase(rows: Map<string, Uint8Array>) {
  const transaction = () => {
    const batch = new Map<string, Uint8Array | undefined>();
    const end = Promise.withResolvers<void>();
    let aborted = false;
    setImmediate(() => {
      if (aborted) return;
      for (const [key, value] of batch) {
        if (value === undefined) rows.delete(key);
        else rows.set(key, value);
      }
      end.resolve();
    });
    const abort = () => {
      aborted = true;
      end.reject(new DOMException('aborted', 'AbortError'));
    };
    const store = {
      get: async (key: string) => rows.get(key),
      put: async (value: Uint8Array, key: string) => void batch.set(key, value),
      delete: async (key: string) => void batch.set(key, undefined),
    };
    return { store, done: end.promise, abort };
  };
  const put = async (_store: string, value: Uint8Array, key: string) => void rows.set(key, value);
  return { transaction, put } as unknown as Database;
}

t.test('a tab that has lost the store writes nothing into it any more', async (t) => {
  const rows = new Map<string, Uint8Array>();
  const database = fakeDatabase(rows);
  const first = await ownStore(database, Uint8Array.of(1));
  await first.write([['a', Uint8Array.of(1)]]);
  const second = await ownStore(database, Uint8Array.of(2));
  await t.rejects(first.write([['a', Uint8Array.of(9)]]), { message: /another tab/ });
  await second.write([['b', Uint8Array.of(2)]]);
  t.same([...(rows.get('a') ?? [])], [1]);
  t.same([...(rows.get('b') ?? [])], [2]);
});

t.test('the browser is asked to keep the storage, once, when somebody has signed in', async (t) => {
  let stage: Stage = 'signedOut';
  let asked = 0;
  const listeners = new Set<() => void>();
  const rockpool = {
    view: () => ({ stage }) as ClientView,
    subscribe: (listener: () => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  const persist = async () => {
    asked++;
    throw new Error('not here');
  };
  keepStorage(rockpool, { persist });
  const changed = () => {
    for (const listener of [...listeners]) listener();
  };
  changed();
  t.equal(asked, 0);
  stage = 'signedIn';
  changed();
  changed();
  await turn();
  t.equal(asked, 1);
});
