// Loads the sources of this package, and those of the store below it, a second time with one of them changed: a
// second graph of modules beside the real one. So a test can run a cluster that has a mistake in it, and the
// product needs no switch for that.

import { registerHooks } from 'node:module';
import { join, relative, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** What a variant does to a source; `file` is its path within the package, or from it: `../storage/src/...`. */
export type Edit = (file: string, source: string) => string;

const PACKAGE = join(import.meta.dirname, '..', '..');
const STORAGE = '../storage/src/';
const PARAMETER = 'variant';

const edits = new Map<string, Edit>();

/** The address of a module of this package in its variant: `await import(...)` it. */
export function variantUrl(name: string, edit: Edit, file: string): string {
  if (edits.size === 0) registerHooks({ resolve, load });
  edits.set(name, edit);
  const url = pathToFileURL(join(PACKAGE, file));
  url.searchParams.set(PARAMETER, name);
  return url.href;
}

/** For a process that is to run the variant alone: from now on each source is loaded changed. */
export function editSources(edit: Edit): void {
  registerHooks({
    load: (url, context, nextLoad) => edited(edit, url, nextLoad(url, context)),
  });
}

type Hooks = Required<Parameters<typeof registerHooks>[0]>;

/** Whatever of these packages a module of a variant imports is of that variant, too. */
const resolve: Hooks['resolve'] = (specifier, context, nextResolve) => {
  const resolved = nextResolve(specifier, context);
  const name = variantOf(context.parentURL);
  if (name === undefined || fileOf(resolved.url) === undefined) return resolved;
  const url = new URL(resolved.url);
  url.searchParams.set(PARAMETER, name);
  return { ...resolved, url: url.href };
};

const load: Hooks['load'] = (url, context, nextLoad) => {
  const loaded = nextLoad(url, context);
  const edit = edits.get(variantOf(url) ?? '');
  return edit === undefined ? loaded : edited(edit, url, loaded);
};

type Loaded = ReturnType<NonNullable<Hooks['load']>>;

function edited(edit: Edit, url: string, loaded: Loaded): Loaded {
  const file = fileOf(url);
  if (file === undefined || !loaded.source) return loaded;
  return { ...loaded, source: edit(file, loaded.source.toString()) };
}

function variantOf(url: string | undefined): string | undefined {
  if (url === undefined || !url.startsWith('file:')) return undefined;
  return new URL(url).searchParams.get(PARAMETER) ?? undefined;
}

/** With forward slashes; undefined for what is not a source of these packages. */
function fileOf(url: string): string | undefined {
  if (!url.startsWith('file:')) return undefined;
  const file = relative(PACKAGE, fileURLToPath(url)).split(sep).join('/');
  const isOurs = !file.startsWith('..') || file.startsWith(STORAGE);
  return isOurs && !file.includes('node_modules') ? file : undefined;
}
