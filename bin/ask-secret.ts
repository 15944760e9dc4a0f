// A line typed at a terminal that does not show it.

const SECRET_CHARACTERS_MAX = 1024;
const ENTER = /[\r\n]/;
const BACKSPACE = ['\b', '\x7f'];
/** Ctrl-C, and Ctrl-D: whoever is asked gives up. */
const GIVE_UP = ['\x03', '\x04'];

/** Undefined where standard input or standard error is no terminal. */
export const askSecret =
  process.stdin.isTTY === true && process.stderr.isTTY === true ? ask : undefined;

/** Undefined: the person gave up. */
function ask(question: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const { stdin, stderr } = process;
    let secret = '';
    const finish = (answer: string | undefined) => {
      stdin.off('data', typed);
      stdin.setRawMode(false);
      stdin.pause();
      stderr.write('\n');
      resolve(answer);
    };
    const typed = (chunk: Buffer) => {
      for (const character of chunk.toString('utf8')) {
        if (ENTER.test(character)) return finish(secret);
        if (GIVE_UP.includes(character)) return finish(undefined);
        if (BACKSPACE.includes(character)) secret = [...secret].slice(0, -1).join('');
        else if (secret.length < SECRET_CHARACTERS_MAX) secret += character;
      }
    };
    stderr.write(question);
    stdin.setRawMode(true);
    stdin.on('data', typed);
    stdin.resume();
  });
}
