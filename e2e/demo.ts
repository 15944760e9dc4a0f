// `npm start -- --demo`: once Rockpool is ready, two browser windows side by side show two people in one pool, for
// somebody with no authenticator at hand. Ends with its windows, by Ctrl-C, or with the launcher that started it.
import { windowedBrowser } from './kit/browser.ts';
import { type DemoOptions, readDemoOptions } from './kit/demo-options.ts';
import { DemoWindow } from './kit/demo-window.ts';

const CANNOT_BEGIN = 2;
const NO_DISPLAY = /missing x server|cannot open display|failed to connect to wayland|ozone/i;

const options = readDemoOptions(process.argv.slice(2));
const browserPath = await windowedBrowser();

if (typeof options === 'string') refuse(options);
else if (!hasDisplay()) {
  refuse('The demo opens two windows, and this terminal has no display (DISPLAY is not set).');
} else if (browserPath === undefined) {
  refuse('The demo opens two Chromium windows: install Debian’s "chromium" first.');
} else await show(options, browserPath);

async function show(demo: DemoOptions, browser: string): Promise<void> {
  const windows: DemoWindow[] = [];
  const open = async (name: string): Promise<DemoWindow> => {
    const window = await DemoWindow.open(browser, demo.origin, name);
    windows.push(window);
    return window;
  };
  const story = play(demo, open).then(() => Promise.all(windows.map(({ closed }) => closed)));
  try {
    await Promise.race([story, stopAsked()]);
  } catch (error) {
    fail(error, windows);
  } finally {
    await Promise.allSettled(windows.map((window) => window.close()));
  }
  // A story cut short by a signal still holds timers.
  process.exit();
}

async function play(
  { origin, link }: DemoOptions,
  open: (name: string) => Promise<DemoWindow>,
): Promise<void> {
  say('opening two Chromium windows with virtual passkeys (this machine only, nothing to keep)');
  const left = await open('left');
  const { width, ...screen } = await left.screen();
  const half = Math.floor(width / 2);
  await left.place({ ...screen, width: half });
  const right = await open('right');
  await right.place({ ...screen, left: screen.left + half, width: half });

  await left.person.createAccount(link);
  await left.person.createPool('Two windows');
  await right.person.joinAsNewcomer(await left.person.invite());
  const [welcome, thanks] = [
    'Welcome! This goes straight from my window to yours.',
    'Got it, and no server has read it. Drop a file next?',
  ];
  await left.person.say(welcome);
  await right.person.reads(welcome);
  await right.person.say(thanks);
  await left.person.reads(thanks);
  say(`two people are in the pool “Two windows” at ${origin}; both windows are yours now`);
}

function fail(error: unknown, windows: readonly DemoWindow[]): void {
  const words = error instanceof Error ? error.message : String(error);
  if (NO_DISPLAY.test(words))
    refuse(`The display ${process.env['DISPLAY'] ?? ''} does not answer.`);
  else if (windows.some((window) => window.isClosed))
    say('a window was closed before it was ready');
  else {
    say(`could not be played: ${words}`);
    process.exitCode = 1;
  }
}

function stopAsked(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      process.on(signal, () => resolve());
    process.once('disconnect', () => resolve());
  });
}

function hasDisplay(): boolean {
  const { DISPLAY, WAYLAND_DISPLAY } = process.env;
  return process.platform !== 'linux' || Boolean(DISPLAY || WAYLAND_DISPLAY);
}

function refuse(why: string): void {
  process.stderr.write(`${why}\n`);
  process.exitCode = CANNOT_BEGIN;
}

function say(words: string): void {
  process.stdout.write(`Demo: ${words}\n`);
}
