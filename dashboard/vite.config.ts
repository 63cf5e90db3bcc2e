import { fileURLToPath } from 'node:url';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

const here = fileURLToPath(new URL('.', import.meta.url));
const stubs = fileURLToPath(new URL('../gen/typescript', import.meta.url));
const suite = process.env['BINNACLE_URL'] ?? 'http://127.0.0.1:8080';

/** The stubs lie outside this folder, but the library they import is installed in it. */
function stubsLibrary(): Plugin {
  return {
    name: 'stubs-library',
    enforce: 'pre',
    resolveId(source, importer) {
      const ours = source.startsWith('@bufbuild/protobuf') && importer?.startsWith(stubs);
      return ours ? this.resolve(source, `${here}src/main.ts`) : null;
    },
  };
}

export default defineConfig({
  root: here,
  plugins: [stubsLibrary(), svelte()],
  resolve: { alias: { '@gen': stubs } },
  build: {
    target: 'es2022',
    modulePreload: { polyfill: false },
    // A font or picture inside a style sheet as `data:` would need a wider content security policy.
    assetsInlineLimit: 0,
    license: { fileName: 'assets/licences.md' },
  },
  server: { fs: { allow: ['..'] }, proxy: { '^/binnacle\\.': suite, '/health': suite } },
  test: { include: ['tests/**/*.test.ts'] },
});
