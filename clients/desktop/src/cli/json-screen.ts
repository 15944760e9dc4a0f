// The agent for programs: one JSON object a line on standard output, answers as lines on standard input.

import type { CommandContext } from '@rockpool/cli';
import type { ClientView, LinkingView, PoolView } from '@rockpool/client-core';
import { fileEntries, summary } from '../agent/pool-facts.ts';
import type { News } from '../agent/report-entries.ts';
import type { TroubleNews } from '../agent/report-troubles.ts';
import type { AgentScreen } from '../agent/run-agent.ts';
import { jsonLine } from '../plain-text.ts';
import type { InputLines } from './input-lines.ts';

export class JsonScreen implements AgentScreen {
  readonly #terminal: CommandContext['terminal'];
  readonly #input: InputLines;
  #status = '';
  /** Bytes last told, by entry. */
  readonly #told = new Map<string, number>();

  constructor(terminal: CommandContext['terminal'], input: InputLines) {
    this.#terminal = terminal;
    this.#input = input;
  }

  close(): void {
    this.#write({ event: 'stopped' });
  }

  linking(step: LinkingView): void {
    if (step.step === 'waiting') {
      const { code, link, expiryMs } = step;
      this.#write({ event: 'code', code, link, expiresMs: expiryMs });
    } else if (step.step === 'comparing' && step.answered) {
      this.#write({ event: 'answered', digits: step.digits });
    }
  }

  async same(digits: string, over: AbortSignal): Promise<boolean | undefined> {
    this.#write({ event: 'digits', digits });
    for (;;) {
      const line = await this.#input.next(over);
      if (line === undefined) return undefined;
      const same = readAnswer(line);
      if (same !== undefined) return same;
    }
  }

  linked({ me }: ClientView): void {
    this.#write({ event: 'linked', user: me?.userId, name: me?.name, device: me?.deviceId });
  }

  news({ kind, pool, entry }: News): void {
    const { id, name } = pool;
    const { userId, name: authorName } = entry.author;
    const common = {
      pool: { id, name },
      from: { id: userId, name: authorName },
      entry: entry.id,
      timeMs: entry.timeMs,
    };
    if (entry.kind === 'text') this.#write({ event: 'message', ...common, text: entry.text });
    else if (entry.kind === 'joined') this.#write({ event: 'joined', ...common });
    else {
      const event = kind === 'received' ? 'received' : 'file';
      const { name: file, size, mediaType } = entry;
      this.#write({ event, ...common, name: file, size, mediaType });
    }
  }

  trouble({ pool, person, device, trouble }: TroubleNews): void {
    const { id, name } = pool;
    const event = trouble === undefined ? 'reached' : 'unreachable';
    const from = { id: person.id, name: person.name };
    this.#write({ event, pool: { id, name }, from, device: device.deviceId, ...trouble });
  }

  status({ server, pools, me }: ClientView): void {
    for (const pool of pools) this.#progress(pool);
    const status = {
      event: 'status',
      server: server.status,
      ...(server.node === undefined ? {} : { node: server.node }),
      ...(me === undefined ? {} : { hidesAddress: me.hidesAddress }),
      ...(me?.cannotConnect === undefined ? {} : { cannotConnect: me.cannotConnect }),
      pools: pools.map(summary),
    };
    const line = jsonLine(status);
    if (line === this.#status) return;
    this.#status = line;
    this.#terminal.out(line);
  }

  /** As often as the engine counts: twice a second while bytes come. */
  #progress(pool: PoolView): void {
    for (const { id, name, size, transfer } of fileEntries(pool)) {
      if (transfer.state !== 'receiving' || this.#told.get(id) === transfer.bytesHeld) continue;
      this.#told.set(id, transfer.bytesHeld);
      const { bytesHeld: bytes, bytesPerSecond } = transfer;
      const { id: poolId, name: poolName } = pool;
      const where = { id: poolId, name: poolName };
      this.#write({ event: 'progress', pool: where, entry: id, name, size, bytes, bytesPerSecond });
    }
  }

  #write(event: object): void {
    this.#terminal.out(jsonLine(event));
  }
}

/** `{"same":true}` or `{"same":false}`; undefined for anything else. Never throws. */
export function readAnswer(line: string): boolean | undefined {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value !== 'object' || value === null || !('same' in value)) return undefined;
    return typeof value.same === 'boolean' ? value.same : undefined;
  } catch {
    return undefined;
  }
}
