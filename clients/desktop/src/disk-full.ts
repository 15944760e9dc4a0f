// A full disk, by the name that the engine knows.

import { AgentError } from './agent-errors.ts';

/** The name by which the engine knows a full disk, as browsers call it. */
const QUOTA_ERROR = 'QuotaExceededError';

export class DiskFullError extends AgentError {
  constructor(detail: string, options?: ErrorOptions) {
    super('AGENT_DISK_FULL', detail, options);
    this.name = QUOTA_ERROR;
  }
}

/** Whether the system refused because the disk, or this person's share of it, is full. */
export function isDiskFull(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'ENOSPC' || code === 'EDQUOT';
}
