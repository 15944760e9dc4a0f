// The load, in a process of its own: load-main.ts PLAN, with a LoadPlan as JSON; prints a LoadReport. It reads the
// servers' CPU time at both ends of each measured window itself.
import { processCpuSeconds } from '../harness/process-cpu.ts';
import { runClosedLoop } from './closed-loop.ts';
import { type LoadPlan, type PhaseReport, SETTLE_MS } from './load-plan.ts';
import { openClient } from './open-client.ts';
import { valuesOf } from './write-plan.ts';

const { seed, pids, phases }: LoadPlan = JSON.parse(process.argv[2] ?? '');
const valueFor = valuesOf(seed);
const reports: Record<string, PhaseReport> = {};
const acknowledged: Record<string, readonly number[]> = {};
for (const { name, lanes, targets, seconds } of phases) {
  const clients = await Promise.all(targets.map(openClient));
  const result = await runClosedLoop({
    phase: name,
    lanes,
    clients,
    valueFor,
    cpuSeconds: () => pids.reduce((sum, pid) => sum + processCpuSeconds(pid), 0),
    settleMs: SETTLE_MS,
    seconds,
  });
  reports[name] = result.report;
  acknowledged[name] = result.acknowledged;
  for (const client of clients) client.close();
}
process.stdout.write(`${JSON.stringify({ phases: reports, acknowledged })}\n`);
