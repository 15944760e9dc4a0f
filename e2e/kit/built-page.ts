// A page of the web client beside its own: built as the product is, and served from this machine.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BuildEnvironmentOptions, build, type PreviewServer, preview } from 'vite';

const WEB_CLIENT = join(import.meta.dirname, '..', '..', 'clients', 'web');

export interface BuildVariant {
  readonly define?: Readonly<Record<string, string>>;
  readonly minify?: BuildEnvironmentOptions['minify'];
}

export class BuiltPage {
  readonly address: string;
  readonly #server: PreviewServer;
  readonly #directory: string;

  private constructor(address: string, server: PreviewServer, directory: string) {
    this.address = address;
    this.#server = server;
    this.#directory = directory;
  }

  /** `path` of an HTML file, from the web client's folder. */
  static async open(
    path: string,
    { define = {}, minify = true }: BuildVariant = {},
  ): Promise<BuiltPage> {
    const directory = await mkdtemp(join(tmpdir(), 'rockpool-page-'));
    const shared = {
      root: WEB_CLIENT,
      configFile: join(WEB_CLIENT, 'vite.config.ts'),
      logLevel: 'error',
    } as const;
    await build({
      ...shared,
      define,
      build: {
        outDir: directory,
        emptyOutDir: false,
        minify,
        rolldownOptions: { input: join(WEB_CLIENT, path) },
      },
    });
    const server = await preview({
      ...shared,
      build: { outDir: directory },
      preview: { host: '127.0.0.1', port: 0 },
    });
    const bound = server.httpServer.address();
    if (typeof bound !== 'object' || bound === null) throw new Error('the page has no port');
    return new BuiltPage(`http://127.0.0.1:${bound.port}/${path}`, server, directory);
  }

  async close(): Promise<void> {
    await this.#server.close();
    await rm(this.#directory, { recursive: true, force: true });
  }
}
