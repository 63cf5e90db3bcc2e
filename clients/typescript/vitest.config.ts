import { fileURLToPath } from 'node:url';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

const here = fileURLToPath(new URL('.', import.meta.url));

/** The stubs lie outside this folder, but the library they import is installed in it. */
const stubsLibrary: Plugin = {
  name: 'stubs-library',
  enforce: 'pre',
  resolveId(source, importer) {
    const outside = source.startsWith('@bufbuild/protobuf') && importer && !importer.startsWith(here);
    return outside ? this.resolve(source, `${here}src/index.ts`) : null;
  },
};

export default defineConfig({ root: here, plugins: [stubsLibrary], test: { include: ['tests/**/*.test.ts'] } });
