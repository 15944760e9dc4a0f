// The agent on a terminal, for a person: how to link it, what comes in, and one line at the bottom that
// says how things stand.

import type { CommandContext } from '@rockpool/cli';
import {
  bytesInWords,
  type ClientView,
  countInWords,
  type FileEntry,
  type LinkingView,
} from '@rockpool/client-core';
import type { News } from '../agent/report-entries.ts';
import type { TroubleNews } from '../agent/report-troubles.ts';
import type { AgentScreen } from '../agent/run-agent.ts';
import { plainLine, plainLines } from '../plain-text.ts';
import type { InputLines } from './input-lines.ts';
import { LiveLine } from './live-line.ts';
import { qrCode } from './qr-code.ts';

const SECOND_MS = 1000;
const CONTINUED = '  | ';
const YES = /^y(es)?$/i;
const NO = /^no?$/i;

export class WordScreen implements AgentScreen {
  readonly #line: LiveLine;
  readonly #input: InputLines;
  readonly #origin: string;
  #codes = 0;
  #countdown: NodeJS.Timeout | undefined;
  #connection = '';
  #trouble: string | undefined;
  /** Between the first code and the account: the last line belongs to the countdown. */
  #linking = false;
  #asked = false;

  constructor(terminal: CommandContext['terminal'], input: InputLines, origin: string) {
    this.#line = new LiveLine(terminal);
    this.#input = input;
    this.#origin = origin;
  }

  close(): void {
    clearInterval(this.#countdown);
    this.#line.hide();
  }

  linking(step: LinkingView): void {
    this.#linking = true;
    clearInterval(this.#countdown);
    this.#line.hide();
    if (step.step === 'waiting') this.#code(step);
    else if (step.step === 'comparing' && step.answered) this.#answered(step.digits);
    else if (step.step === 'adding') this.#line.show('Adding this device');
  }

  /** Whoever scanned the picture is asked there alone. */
  #answered(digits: string): void {
    if (!this.#asked) {
      this.#line.tell(`It was scanned. This device shows:\n\n      ${spaced(digits)}\n`);
    }
    this.#line.show('Waiting for the answer on the other device');
  }

  /** The code stands at the bottom, where it is seen also when the picture is taller than the terminal. */
  #code({ code, link, expiryMs }: Extract<LinkingView, { step: 'waiting' }>): void {
    this.#codes++;
    if (this.#codes > 1) this.#line.tell('That code was not used in time. Here is a new one.');
    else {
      this.#line.tell('This device belongs to no account yet. On a device where you use Rockpool:');
      this.#line.tell(`open ${this.#origin} and there your name > Add a device.`);
    }
    const picture = qrCode(link);
    const drawn = this.#line.alive && picture.columns + 4 < this.#line.columns;
    const scanned = drawn ? picture.lines.map((row) => `    ${row}`) : [`    ${link}`];
    const lines = [
      drawn ? 'Scan this with it:' : 'Open this link with it:',
      '',
      ...scanned,
      '',
      'Or type this code there:',
      '',
      ...boxed(code),
      '',
    ];
    for (const line of lines) this.#line.tell(line);
    this.#count(expiryMs);
  }

  #count(expiryMs: number): void {
    const show = () => {
      const seconds = Math.max(0, Math.round((expiryMs - Date.now()) / SECOND_MS));
      const minutes = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
      this.#line.show(`The code is good for ${minutes}.`);
    };
    show();
    this.#countdown = setInterval(show, SECOND_MS);
  }

  async same(digits: string, over: AbortSignal): Promise<boolean | undefined> {
    this.#asked = true;
    this.#line.tell(`Another device has the code. This one shows:\n\n      ${spaced(digits)}\n`);
    for (;;) {
      const question = 'Does the other device show the same digits? [y/n] ';
      if (this.#line.alive) this.#line.show(question);
      else this.#line.tell(question);
      const answer = await this.#input.next(over);
      this.#line.forget();
      if (answer === undefined) return undefined;
      if (YES.test(answer)) return true;
      if (NO.test(answer)) return false;
    }
  }

  linked(): void {
    this.#linking = false;
    this.#line.hide();
    this.#line.tell(
      'This device belongs to your account now. It stays online until you press Ctrl-C.',
    );
  }

  news(news: News): void {
    const pool = plainLine(news.pool.name);
    const author = plainLine(news.entry.author.name);
    const { entry } = news;
    if (entry.kind === 'text') {
      this.#line.out(`${pool}  ${author}: ${plainLines(entry.text, CONTINUED)}`);
    } else if (entry.kind === 'joined') this.#line.out(`${pool}  ${author} joined`);
    else {
      const file = `${plainLine(entry.name)} (${bytesInWords(entry.size)})`;
      const words = news.kind === 'received' ? `${file} is here` : `${author} offers ${file}`;
      this.#line.out(`${pool}  ${words}`);
    }
  }

  trouble({ pool, person, trouble }: TroubleNews): void {
    const who = `${plainLine(pool.name)}  A device of ${plainLine(person.name)}`;
    if (trouble === undefined) this.#line.tell(`${who} is reached now.`);
    else {
      this.#line.tell(`${who} cannot be reached. ${trouble.reason} ${trouble.help}`);
      this.#line.tell('`rockpool doctor --network` tells more.');
    }
  }

  status(view: ClientView): void {
    const trouble = view.me?.cannotConnect;
    if (trouble !== undefined && trouble !== this.#trouble) this.#line.tell(trouble);
    this.#trouble = trouble;
    const connection = connectionWords(view);
    if (!this.#line.alive && connection !== this.#connection) this.#line.tell(`${connection}.`);
    this.#connection = connection;
    if (!this.#linking) this.#line.show(statusWords(view, connection));
  }
}

function boxed(code: string): readonly string[] {
  const text = `   ${spaced(code)}   `;
  const edge = '─'.repeat(text.length);
  return [`    ┌${edge}┐`, `    │${text}│`, `    └${edge}┘`];
}

function spaced(text: string): string {
  return [...text].join(' ');
}

function connectionWords({ server, me }: ClientView): string {
  if (server.status === 'online') {
    const person = me === undefined ? '' : ` as ${plainLine(me.name)}`;
    return `Connected to node ${plainLine(server.node ?? '?')}${person}`;
  }
  return server.status === 'connecting' ? 'Connecting' : 'No server can be reached; trying again';
}

/** "Connected to node 2 · 3 pools · 2 people online · film.mkv 34 %" */
function statusWords({ pools }: ClientView, connection: string): string {
  const online = new Set(
    pools
      .flatMap(({ members }) => members.filter(({ isMe, online }) => online && !isMe))
      .map(({ userId }) => userId),
  );
  const words = [
    connection,
    countInWords(pools.length, 'pool', 'pools'),
    `${countInWords(online.size, 'person', 'people')} online`,
  ];
  const coming = pools
    .flatMap(({ entries }) => entries)
    .find((entry): entry is FileEntry => {
      return entry.kind === 'file' && entry.transfer.state === 'receiving';
    });
  if (coming !== undefined) {
    const percent = Math.floor((coming.transfer.bytesHeld / coming.size) * 100);
    words.push(`${plainLine(coming.name)} ${percent} %`);
  }
  return words.join(' · ');
}
