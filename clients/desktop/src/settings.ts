// Where a device on the command line keeps its data, and the server it belongs to.

import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Environment, UsageError } from '@rockpool/cli';
import { writeWholeFile } from '@rockpool/storage';
import { AgentError } from './agent-errors.ts';

const FILE = 'agent.json';
const FILE_CHARACTERS_MAX = 4096;
const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];

export function dataDirectoryOf(option: string | undefined, env: Environment): string {
  const named = option ?? env['ROCKPOOL_AGENT_DATA'];
  if (named !== undefined && named !== '') return resolve(named);
  const home = env['XDG_DATA_HOME'] || join(homedir(), '.local', 'share');
  return resolve(home, 'rockpool-agent');
}

/** The public origin that a person means. Throws UsageError. */
export function originOf(text: string): string {
  const url = URL.parse(text);
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    throw new UsageError(`${text} is not an address like https://pool.example.org`);
  }
  if (url.protocol === 'http:' && !LOOPBACK.includes(url.hostname)) {
    throw new UsageError(`${text}: http is for localhost alone; other servers have https`);
  }
  if (url.pathname !== '/' || url.search + url.hash + url.username + url.password !== '') {
    throw new UsageError(`${text}: leave out everything behind ${url.origin}`);
  }
  return url.origin;
}

/** The server this directory belongs to, or the one named for a first start. */
export async function serverOf(directory: string, named: string | undefined): Promise<string> {
  const kept = await keptServer(directory);
  const origin = named === undefined || named === '' ? undefined : originOf(named);
  if (kept !== undefined && origin !== undefined && kept !== origin) {
    throw new AgentError('AGENT_SERVER_OTHER', `It is ${kept}, not ${origin}.`);
  }
  const server = kept ?? origin;
  if (server === undefined) throw new AgentError('AGENT_SERVER_MISSING');
  return server;
}

/** From now on this directory belongs to this server. */
export async function keepServer(directory: string, server: string): Promise<void> {
  const settings = `${JSON.stringify({ v: 1, server })}\n`;
  await writeWholeFile(join(directory, FILE), new TextEncoder().encode(settings));
}

async function keptServer(directory: string): Promise<string | undefined> {
  const path = join(directory, FILE);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw new AgentError('AGENT_SETTINGS', path, { cause: error });
  }
  const server = readSettings(text);
  if (server === undefined) throw new AgentError('AGENT_SETTINGS', path);
  return server;
}

/** Undefined for anything but settings of this version. Never throws. */
export function readSettings(text: string): string | undefined {
  if (text.length > FILE_CHARACTERS_MAX) return undefined;
  try {
    const settings: unknown = JSON.parse(text);
    if (typeof settings !== 'object' || settings === null) return undefined;
    const { v, server } = settings as Record<string, unknown>;
    return v === 1 && typeof server === 'string' && originOf(server) === server
      ? server
      : undefined;
  } catch {
    return undefined;
  }
}
