import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';
import { referencePages } from './reference/pages.ts';

const here = fileURLToPath(new URL('.', import.meta.url));
const stubs = fileURLToPath(new URL('../gen/typescript', import.meta.url));
const client = fileURLToPath(new URL('../clients/typescript/src', import.meta.url));
const suite = process.env['BINNACLE_URL'] ?? 'http://127.0.0.1:8080';

/** The stubs and the live client lie outside this folder, but the library they import is installed in it. */
function stubsLibrary(): Plugin {
  return {
    name: 'stubs-library',
    enforce: 'pre',
    resolveId(source, importer) {
      const ours = source.startsWith('@bufbuild/protobuf') && (importer?.startsWith(stubs) || importer?.startsWith(client));
      return ours ? this.resolve(source, `${here}src/main.ts`) : null;
    },
  };
}

/**
 * A script that must run before the first paint cannot be a module, and Vite bundles nothing else: it gets its
 * place in the page, and a name that changes with its content, from here.
 */
function earlyScript(path: string): Plugin {
  const source = readFileSync(here + path, 'utf8');
  const built = `assets/early-${createHash('sha256').update(source).digest('hex').slice(0, 8)}.js`;
  return {
    name: 'early-script',
    transformIndexHtml: {
      order: 'post',
      handler: (_html, { server }) => [{ tag: 'script', attrs: { src: `/${server ? path : built}` }, injectTo: 'head' }],
    },
    generateBundle() {
      this.emitFile({ type: 'asset', fileName: built, source });
    },
  };
}

/** The lettering's licence goes wherever the lettering goes. */
function fontLicence(): Plugin {
  const source = readFileSync(`${here}node_modules/@fontsource/barlow/LICENSE`, 'utf8');
  return {
    name: 'font-licence',
    generateBundle() {
      this.emitFile({ type: 'asset', fileName: 'assets/barlow-licence.txt', source });
    },
  };
}

export default defineConfig({
  root: here,
  plugins: [stubsLibrary(), earlyScript('src/design/early-theme.js'), fontLicence(), referencePages(), svelte()],
  resolve: { alias: { '@binnacle/client': `${client}/index.ts`, '@gen': stubs } },
  build: {
    // The first with light-dark(), which the two faces are made with.
    target: ['chrome123', 'firefox128', 'safari17.5'],
    cssTarget: ['chrome123', 'firefox128', 'safari17.5'],
    modulePreload: { polyfill: false },
    // Each file is a request, of which a browser makes six at a time: what is on the first page is one, and what views share.
    rolldownOptions: {
      checks: { bundlerTimings: false },
      output: {
        codeSplitting: {
          groups: [
            { name: 'first', tags: ['$initial'], priority: 1 },
            { name: 'shared', minShareCount: 2 },
          ],
        },
      },
    },
    // A font or picture inside a style sheet as `data:` would need a wider content security policy.
    assetsInlineLimit: 0,
    license: { fileName: 'assets/licences.md' },
  },
  server: { fs: { allow: ['..'] }, proxy: { '/api': suite, '^/binnacle[.]': suite, '/ws': { target: suite, ws: true } } },
  test: { include: ['tests/**/*.test.ts'] },
});
