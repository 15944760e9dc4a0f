// May this record be the next of its log? Pure; the signature is left to the caller's platform.

import {
  type Bytes,
  decodeRecordBody,
  equalBytes,
  RECORD_FUTURE_MAX_MS,
  type Result,
  recordContent,
  refuse,
  type SignedRecord,
  type WireRecord,
} from '@rockpool/protocol';
import type { DeviceLog } from './device-log.ts';

/** What the pool's verified chain says about the author. */
export interface RecordContext {
  readonly pool: Bytes;
  /** Link hash of the pool's chain at that seq, as far as it is held. */
  headAt(seq: number): Bytes | undefined;
  /** Seq at which the author's user joined; undefined for a device that no member is known to own. */
  joinedSeq(device: Bytes): number | undefined;
  readonly nowMs: number;
}

/** `RECORD_CHAIN` refusals may heal once the chain or the records before have come. */
export function judgeRecord(
  signed: SignedRecord,
  wire: WireRecord,
  log: DeviceLog,
  context: RecordContext,
): Result<undefined> {
  const { header } = signed;
  if (!equalBytes(header.pool, context.pool)) {
    return refuse('RECORD_FOREIGN', 'written for another pool');
  }
  if (header.seq !== log.records.length || !equalBytes(header.previous, log.head)) {
    return refuse('RECORD_CHAIN', `does not continue the log at ${log.records.length}`);
  }
  if (header.poolSeq < log.poolSeq) {
    return refuse('RECORD_FOREIGN', 'goes back behind the pool chain it knew');
  }
  const head = context.headAt(header.poolSeq);
  if (head === undefined) return refuse('RECORD_CHAIN', 'cites a pool link that is not held yet');
  if (!equalBytes(head, header.poolHead)) {
    return refuse('RECORD_FOREIGN', "cites another history of the pool's chain");
  }
  const joined = context.joinedSeq(header.device);
  if (joined === undefined) return refuse('RECORD_CHAIN', 'by a device that is not known yet');
  if (joined > header.poolSeq) return refuse('RECORD_FOREIGN', 'written before its author joined');
  if (header.ms > context.nowMs + RECORD_FUTURE_MAX_MS) {
    return refuse('RECORD_CHAIN', 'lies in the future');
  }
  return judgeBody(signed, wire);
}

/** Salt and body are detachable together; where they came they must be what was signed. */
function judgeBody({ header }: SignedRecord, { salt, body }: WireRecord): Result<undefined> {
  if (salt === undefined && body === undefined) return { ok: true, value: undefined };
  if (salt === undefined || body === undefined) {
    return refuse('RECORD_BODY', 'salt and body travel together');
  }
  if (!equalBytes(recordContent(salt, body), header.content)) {
    return refuse('RECORD_BODY', 'content is not what was signed');
  }
  const decoded = decodeRecordBody(header.kind, body);
  return decoded.ok ? { ok: true, value: undefined } : refuse('RECORD_BODY', decoded.detail);
}
