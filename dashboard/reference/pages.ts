import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'vite';

const here = fileURLToPath(new URL('.', import.meta.url));
const description = fileURLToPath(new URL('../../gen/openapi.json', import.meta.url));
const mark = fileURLToPath(new URL('../src/design/mark.svg', import.meta.url));
const installed = createRequire(import.meta.url);

interface Page {
  title: string;
  scripts: string[];
  styles: string[];
}

// Redoc draws its maker's mark from elsewhere; the page shall work without a network.
const ELSEWHERE = 'https://cdn.redoc.ly/redoc/logo-mini.svg';
const NOTHING = "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'/>";

const pages: Record<string, Page> = {
  'docs.html': {
    title: 'Binnacle: REST, to try',
    scripts: [`${here}theme.js`, installed.resolve('swagger-ui-dist/swagger-ui-bundle.js'), `${here}docs.js`],
    styles: [installed.resolve('swagger-ui-dist/swagger-ui.css'), `${here}docs.css`],
  },
  'redoc.html': {
    title: 'Binnacle: REST, to read',
    scripts: [`${here}theme.js`, installed.resolve('redoc/bundles/redoc.standalone.js'), `${here}redoc.js`],
    styles: [`${here}redoc.css`],
  },
};

/**
 * The pages that describe the REST face, apart from the app: their libraries are finished bundles, which go out as they
 * are, under names that change with their content.
 */
export function referencePages(): Plugin {
  return {
    name: 'reference-pages',
    apply: 'build',
    generateBundle() {
      const emit = (path: string): string => {
        const source = readFileSync(path, 'utf8').replaceAll(ELSEWHERE, NOTHING);
        const [, stem, ending] = /([^/\\]+)\.(\w+)$/.exec(path) ?? [];
        const hash = createHash('sha256').update(source).digest('hex').slice(0, 8);
        const fileName = `assets/${stem}-${hash}.${ending}`;
        this.emitFile({ type: 'asset', fileName, source });
        return `/${fileName}`;
      };
      const icon = emit(mark);
      for (const [fileName, page] of Object.entries(pages)) {
        const styles = page.styles.map((path) => `<link rel="stylesheet" href="${emit(path)}" />`);
        const scripts = page.scripts.map((path) => `<script src="${emit(path)}"></script>`);
        this.emitFile({ type: 'asset', fileName, source: html(page.title, icon, styles, scripts) });
      }
      this.emitFile({ type: 'asset', fileName: 'openapi.json', source: readFileSync(description) });
    },
  };
}

function html(title: string, icon: string, styles: string[], scripts: string[]): string {
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>${title}</title>
    <link rel="icon" type="image/svg+xml" href="${icon}" />
    ${styles.join('\n    ')}
  </head>
  <body>
    <main id="api"></main>
    <noscript>This page needs JavaScript; the description itself is at /openapi.json.</noscript>
    ${scripts.join('\n    ')}
  </body>
</html>
`;
}
