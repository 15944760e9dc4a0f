// The other half of `Child.ask`, in a program that a bench has started: words in, words out, one answer for
// each request. The program ends when the bench does.

export interface Request {
  readonly id: number;
  readonly what: string;
  readonly about: string;
}

export interface Answer {
  readonly id: number;
  /** Undefined: it failed, and `why` says why. */
  readonly told?: string;
  readonly why?: string;
}

type Handler = (about: string) => string | undefined | Promise<string | undefined>;

export function answerRequests(handlers: Readonly<Record<string, Handler>>): void {
  process.on('disconnect', () => process.exit());
  process.on('message', async (request: Request) => {
    process.send?.(await answer(request, handlers));
  });
}

async function answer(
  { id, what, about }: Request,
  handlers: Readonly<Record<string, Handler>>,
): Promise<Answer> {
  try {
    const handle = handlers[what];
    if (handle === undefined) return { id, why: 'nothing of that name can be asked' };
    return { id, told: (await handle(about)) ?? '' };
  } catch (error) {
    return { id, why: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}
