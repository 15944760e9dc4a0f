// Figures are measured and compared by flat names. In a result, a dot in a name is one level of JSON:
// `writesPerSecond.64` stands at `writesPerSecond["64"]`.

export interface Figures {
  readonly [name: string]: number | Figures;
}

interface Branch {
  [name: string]: number | Branch;
}

/** Throws where one name is both a figure and a level, or stands twice. */
export function nested(figures: readonly (readonly [name: string, value: number])[]): Figures {
  const root: Branch = {};
  for (const [name, value] of figures) {
    const levels = name.split('.');
    const leaf = levels.pop() ?? '';
    const branch = levels.reduce((above: Branch, level) => {
      above[level] ??= {};
      const below = above[level];
      if (typeof below === 'number') throw new Error(`${name} goes through a figure`);
      return below;
    }, root);
    if (branch[leaf] !== undefined) throw new Error(`${name} is there already`);
    branch[leaf] = value;
  }
  return root;
}
