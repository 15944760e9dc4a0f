import type { Head, Ref, Refusal, ServerFrame, StoredLink } from '@rockpool/protocol';
import { equalRefs, refuse } from '@rockpool/protocol';
import { CHAIN_PAGES_MAX } from '../limits.ts';
import type { Answered, Request } from '../session/link.ts';
import type { ChainName } from '../store/row-keys.ts';

/** Puts a request to some node. */
export type Ask = (request: Request) => Promise<Answered | 'offline'>;

export type Fetched =
  /** `head`: where the servers' chain stands, where that is before `from`. */
  | { readonly ok: true; readonly value: readonly StoredLink[]; readonly head?: Head }
  | Refusal
  | 'offline';

/** The links of a chain from `from` on, page by page. `first` is a page that came already. */
export async function fetchLinks(
  ask: Ask,
  chain: ChainName,
  ref: Ref,
  from: number,
  first?: ServerFrame,
): Promise<Fetched> {
  const links: StoredLink[] = [];
  let page = first;
  for (let pages = 0; pages < CHAIN_PAGES_MAX; pages++) {
    if (page === undefined) {
      const answer = await ask({ type: 'fetch', chain, ref, from: from + links.length, fresh: 0 });
      if (answer === 'offline' || !answer.ok) return answer;
      page = answer.value;
    }
    if (page.type !== 'chain' || page.chain !== chain || !equalRefs(page.ref, ref)) {
      return refuse('PROTOCOL_MALFORMED', 'another chain was answered');
    }
    links.push(...page.links);
    if (page.more === 0 || page.links.length === 0) {
      const { head } = page;
      return { ok: true, value: links, ...(head === undefined ? {} : { head }) };
    }
    page = undefined;
  }
  return refuse('CHAIN_QUOTA', 'the chain does not end');
}
