// Three network namespaces on a bridge that lies in a fourth.
// Who reaches whom is a matter of neighbour entries: to cut the way from one node to another, the first is told a
// hardware address for the second that nobody has, so that packets are lost without a word, in one direction.
import { NetworkNamespaces } from '../network-namespaces.ts';
import type { Ground, Way } from './ground.ts';

const INTERFACE = 'eth0';
const NOBODY = '02:00:00:00:00:ff';
const SWITCH = 'switch';

export class Namespaces implements Ground {
  readonly #spaces: NetworkNamespaces;
  readonly #nodes: readonly number[];

  private constructor(spaces: NetworkNamespaces, nodes: readonly number[]) {
    this.#spaces = spaces;
    this.#nodes = nodes;
  }

  /** What is missing for it here, in one sentence. */
  static lacks(): Promise<string | undefined> {
    return NetworkNamespaces.lacks();
  }

  static async make(count: number): Promise<Namespaces> {
    const nodes = Array.from({ length: count }, (_, at) => at);
    const namespaces = new Namespaces(await NetworkNamespaces.open('chaos'), nodes);
    try {
      await namespaces.#build();
      return namespaces;
    } catch (error) {
      await namespaces.remove();
      throw error;
    }
  }

  addressOf(node: number): string {
    return `10.77.0.${node + 1}`;
  }

  enter(node: number): readonly string[] {
    return this.#spaces.enter(placeOf(node));
  }

  async cutOnly(ways: readonly Way[]): Promise<void> {
    for (const from of this.#nodes) {
      for (const to of this.#nodes.filter((other) => other !== from)) {
        const isCut = ways.some((way) => way.from === from && way.to === to);
        await this.#neighbour({ from, to }, isCut ? NOBODY : hardwareAddressOf(to));
      }
    }
  }

  async remove(): Promise<void> {
    await this.#spaces.remove();
  }

  async #build(): Promise<void> {
    const spaces = this.#spaces;
    await spaces.add(SWITCH);
    await spaces.ip(SWITCH, 'link', 'add', 'bridge0', 'type', 'bridge');
    await spaces.ip(SWITCH, 'link', 'set', 'bridge0', 'up');
    for (const node of this.#nodes) {
      const place = placeOf(node);
      const port = `port${node}`;
      await spaces.add(place);
      await spaces.cable(place, INTERFACE, SWITCH, port);
      await spaces.ip(SWITCH, 'link', 'set', port, 'master', 'bridge0', 'up');
      const hardware = ['address', hardwareAddressOf(node)];
      await spaces.ip(place, 'link', 'set', INTERFACE, ...hardware, 'up');
      await spaces.ip(place, 'address', 'add', `${this.addressOf(node)}/24`, 'dev', INTERFACE);
    }
    await this.cutOnly([]);
  }

  #neighbour({ from, to }: Way, hardware: string): Promise<unknown> {
    const entry = [this.addressOf(to), 'lladdr', hardware, 'nud', 'permanent'];
    return this.#spaces.ip(placeOf(from), 'neighbour', 'replace', ...entry, 'dev', INTERFACE);
  }
}

function placeOf(node: number): string {
  return `${node + 1}`;
}

function hardwareAddressOf(node: number): string {
  return `02:00:00:00:00:0${node + 1}`;
}
