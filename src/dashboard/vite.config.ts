import { defineConfig } from 'vite';

/** Run from the repository's root. The page must run under a policy that allows its own files only: nothing is inlined. */
export default defineConfig({
  root: 'src/dashboard',
  // Relative, so that the page also works below a path of a reverse proxy.
  base: './',
  publicDir: false,
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: '../../dist/dashboard',
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: false,
  },
});
