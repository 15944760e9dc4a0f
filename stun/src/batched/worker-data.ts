/* What the main thread gives to the thread that answers, and what it hears back. */
import type { SourceLimit } from '../source-limiter.ts';

export interface WorkerData {
  readonly sockets: readonly {
    readonly fd: number;
    readonly address: string;
    readonly port: number;
  }[];
  readonly discovers: boolean;
  readonly limit: SourceLimit;
  readonly limiterMemory: SharedArrayBuffer;
  readonly counterMemory: SharedArrayBuffer;
  /** An eventfd that becomes readable when the thread is to look at `stopMemory`. */
  readonly wakeFd: number;
  /** One Int32, not 0 when the thread is to end. */
  readonly stopMemory: SharedArrayBuffer;
}

export type WorkerMessage =
  | { readonly kind: 'ready' }
  | {
      readonly kind: 'warning';
      readonly fields: Readonly<Record<string, unknown>>;
      readonly message: string;
    };
