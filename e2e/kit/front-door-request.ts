// One HTTP request to a front door on this machine, without a browser: what stands in the headers, byte for byte.
import { once } from 'node:events';
import { type IncomingHttpHeaders, type IncomingMessage, request as plain } from 'node:http';
import { request as secure } from 'node:https';

const ANSWER_TIMEOUT_MS = 10_000;
const BODY_BYTES_MAX = 1024 * 1024;

export interface Asked {
  readonly path: string;
  readonly scheme?: 'http' | 'https';
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Asks on loopback for a host, whose certificate the authority must have signed. */
export async function askFrontDoor(host: string, authority: string, asked: Asked): Promise<Answer> {
  const { path, scheme = 'https', headers = {} } = asked;
  const options = {
    host: '127.0.0.1',
    path,
    headers: { host, ...headers },
    agent: false,
    signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
  };
  const sent =
    scheme === 'http' ? plain(options) : secure({ ...options, servername: host, ca: authority });
  sent.end();
  const [message]: IncomingMessage[] = await once(sent, 'response');
  if (message === undefined) throw new Error('the front door did not answer');
  return {
    status: message.statusCode ?? 0,
    headers: message.headers,
    body: await readBody(message),
  };
}

async function readBody(message: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of message) {
    body += String(chunk);
    if (body.length > BODY_BYTES_MAX) throw new Error('the front door answered at endless length');
  }
  return body;
}
