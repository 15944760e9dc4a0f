// One transfer from one end to another, whoever carries it: when it is under way, how long it took by the
// receiver's own clock, and what it cost both ends. Whatever does not arrive bit for bit is a failure.
import { type CpuByProcess, cpuSpent } from './cpu-by-process.ts';

const MIB = 2 ** 20;
const GIB = 2 ** 30;
/** A transfer slower than this has failed. */
const MIB_PER_SECOND_MIN = 0.5;
const GRACE_MS = 60_000;

/** Two ends that are connected, with nothing sent yet. */
export interface Crossing {
  /** Resolves once the receiver has begun to count. */
  begin(): Promise<void>;
  /** How long all bytes took to be where they belong, in milliseconds. */
  arrived(): Promise<number>;
  /** SHA-256 in hex: what was sent, and what the receiver holds afterwards. */
  digests(): Promise<{ readonly sent: string; readonly held: string }>;
  /** All processes of both ends. */
  cpu(): Promise<CpuByProcess>;
  stop(): Promise<void>;
}

export interface Crossed {
  readonly mibPerSecond: number;
  readonly cpuPerGib: number;
}

/** Measures it and stops both ends, whatever happens. */
export async function measureCrossing(crossing: Crossing, bytes: number): Promise<Crossed> {
  try {
    const timeoutMs = GRACE_MS + (bytes / MIB / MIB_PER_SECOND_MIN) * 1000;
    return await within(timeoutMs, measure(crossing, bytes));
  } finally {
    await crossing.stop();
  }
}

async function measure(crossing: Crossing, bytes: number): Promise<Crossed> {
  await crossing.begin();
  const before = await crossing.cpu();
  const elapsedMs = await crossing.arrived();
  const after = await crossing.cpu();
  const { sent, held } = await crossing.digests();
  if (sent !== held) throw new Error(`${sent} was sent and ${held} arrived`);
  return {
    mibPerSecond: bytes / MIB / (elapsedMs / 1000),
    cpuPerGib: cpuSpent(before, after) / (bytes / GIB),
  };
}

async function within<Result>(timeoutMs: number, work: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new Error(`nothing whole arrived within ${timeoutMs} ms`)),
      timeoutMs,
    );
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
