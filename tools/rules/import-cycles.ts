// Two files that need each other are one file, or hide a third. Type imports count: they tie the reading
// of the files together as much as values do.
import { importsOf, resolveRelative } from './imports.ts';
import { type Finding, isTypeScript, type RepositoryFile, type Rule } from './repository.ts';

interface Edge {
  readonly to: string;
  readonly line: number;
}

/** No chain of relative imports leads back to its start. */
export const importCycles: Rule = {
  name: 'files do not import each other in circles',
  check: (files) => {
    const graph = importGraph(files.filter((file) => isTypeScript(file.path)));
    const findings: Finding[] = [];
    const settled = new Set<string>();
    for (const start of graph.keys()) visit(graph, start, [], settled, findings);
    return findings;
  },
};

function importGraph(files: readonly RepositoryFile[]): Map<string, Edge[]> {
  return new Map(
    files.map((file) => [
      file.path,
      importsOf(file).flatMap(({ specifier, line }) => {
        const to = resolveRelative(file.path, specifier);
        return to === undefined ? [] : [{ to, line }];
      }),
    ]),
  );
}

function visit(
  graph: ReadonlyMap<string, Edge[]>,
  path: string,
  trail: readonly string[],
  settled: Set<string>,
  findings: Finding[],
): void {
  if (settled.has(path)) return;
  const here = [...trail, path];
  for (const edge of graph.get(path) ?? []) {
    const start = here.indexOf(edge.to);
    if (start === -1) visit(graph, edge.to, here, settled, findings);
    else {
      findings.push({
        path,
        line: edge.line,
        what: `an import circle: ${[...here.slice(start), edge.to].join(' -> ')}`,
        remedy: 'move what both need into a third file that imports neither',
      });
    }
  }
  settled.add(path);
}
