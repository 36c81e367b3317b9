/**
 * The import rules of the layout, checked by `npm run imports`. Type-only imports count.
 * `test/unit/import-rules.test.ts` proves that each of these rules fires.
 */

/** A package, whether it was found (below node_modules) or not. */
const packages = (...names) => `(^|node_modules/)(${names.join('|')})(/|$)`;

/** Only files below `homes` may import what matches `path`. */
const only = (name, comment, homes, path) => ({
  name,
  comment,
  severity: 'error',
  from: { path: '^src/', pathNot: homes },
  to: { path },
});

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    {
      name: 'parts-stand-apart',
      comment: 'ingest, store and deliver never import each other: declare a port in the consumer, relay.ts joins them.',
      severity: 'error',
      from: { path: '^src/(ingest|store|deliver)/' },
      to: { path: '^src/(ingest|store|deliver)/', pathNot: '^src/$1/' },
    },
    {
      name: 'domain-is-pure',
      comment: 'domain holds types and rules only: it imports nothing outside itself, Node included.',
      severity: 'error',
      from: { path: '^src/domain/' },
      to: { pathNot: '^src/domain/' },
    },
    only(
      'sqlite-in-store',
      'SQLite appears only in src/store/sqlite.',
      '^src/store/sqlite/',
      `${packages('better-sqlite3')}|^(node:)?sqlite$`,
    ),
    only('express-in-admin', 'Express appears only in src/admin.', '^src/admin/', packages('express')),
    only('undici-in-deliver', 'undici appears only in src/deliver.', '^src/deliver/', packages('undici')),
    only(
      'got-at-the-edge',
      'got appears only in src/cli, src/telemetry, src/admin and where ingest fetches keys and confirms.',
      '^src/(cli|telemetry|admin)/|^src/ingest/(http-keys|confirmation)[.]ts$',
      packages('got'),
    ),
    only(
      'process-in-main',
      'Only src/main.ts touches the process: inject what you need.',
      '^src/main[.]ts$',
      '^(node:)?process$',
    ),
    {
      name: 'page-stands-apart',
      comment:
        'The page runs in a browser: the program does not import it, and it takes nothing but pure rules from the program.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/dashboard/' },
      to: { path: '^src/dashboard/' },
    },
    {
      name: 'page-takes-pure-rules-only',
      severity: 'error',
      from: { path: '^src/dashboard/' },
      to: { path: '^src/', pathNot: '^src/(dashboard|domain)/' },
    },
    {
      name: 'program-ships-alone',
      comment: 'What runs in production must not need tests, benchmarks or development packages.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/dashboard/' },
      to: { path: '^(test|bench|scripts)/', dependencyTypesNot: ['core'] },
    },
    {
      name: 'no-development-packages',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/dashboard/' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'], pathNot: 'node_modules/@types/' },
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-unknown-modules', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'no-orphans',
      comment: 'A file that nothing imports and that imports nothing is left over.',
      severity: 'error',
      from: { orphan: true, path: '^src/', pathNot: '[.]d[.]ts$|^src/dashboard/vite[.]config[.]ts$' },
      to: {},
    },
  ],
  options: {
    // TypeScript 7 has no compiler API for the tool to use; swc reads the files, type-only imports included.
    parser: 'swc',
    doNotFollow: { path: 'node_modules' },
    combinedDependencies: false,
    enhancedResolveOptions: {
      extensions: ['.ts', '.tsx', '.mjs', '.js', '.json', '.node'],
      conditionNames: ['import', 'node', 'default', 'types'],
      exportsFields: ['exports'],
    },
    cache: false,
  },
};
