/**
 * Runs before `npm start` and `npm test`, on a machine that may have nothing but Node 20 and npm:
 * installs what is missing or out of date and, with `--build`, builds what changed.
 * Imports nothing that has to be installed, and says nothing when there is nothing to do.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const at = (path) => join(root, path);

/** npm puts the Node of the package "node" before the machine's own one, for every script. */
const bundledNode = at('node_modules/node/bin/node');
const hasNode = () => existsSync(bundledNode) || Number(process.versions.node.split('.')[0]) >= 24;

/** @returns why the installed packages are not those of the lock file, or null when they are */
function installNeeded() {
  if (!existsSync(at('node_modules/.package-lock.json'))) return 'Installing packages';
  const locked = JSON.parse(readFileSync(at('package-lock.json'), 'utf8')).packages;
  const installed = JSON.parse(readFileSync(at('node_modules/.package-lock.json'), 'utf8')).packages;
  for (const [path, { version, optional }] of Object.entries(locked)) {
    if (path === '') continue;
    const found = installed[path]?.version;
    if (found === undefined ? !optional : found !== version) return 'Packages changed, installing again';
  }
  return hasNode() ? null : 'The Node that runs the relay is missing, installing again';
}

function npm(...args) {
  // npm tells scripts where it is; a shell is only needed to find `npm.cmd`.
  const cli = process.env.npm_execpath;
  const [command, first] = cli === undefined ? ['npm', []] : [process.execPath, [cli]];
  return spawnSync(command, [...first, ...args], { cwd: root, stdio: 'inherit', shell: cli === undefined }).status ?? 1;
}

/** Newest change in ms below a file or folder; a removed file changes its folder. */
function changedAt(path) {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return 0;
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(stat.mtimeMs, ...readdirSync(path).map((name) => changedAt(join(path, name))));
}

function buildNeeded() {
  const built = statSync(at('dist/main.js'), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return ['src', 'scripts', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json'].some(
    (path) => changedAt(at(path)) > built,
  );
}

function fail(message, status) {
  console.error(message);
  process.exit(status || 1);
}

const reason = installNeeded();
if (reason !== null) {
  console.log(`${reason} (npm ci) …`);
  // Only errors: this npm may run on an older Node than some packages ask for, but they run on the one installed here.
  const status = npm(
    'ci',
    '--loglevel=error',
    '--no-audit',
    '--no-fund',
    '--include=dev',
    '--ignore-scripts=false',
    '--engine-strict=false',
  );
  if (status !== 0) fail('The packages could not be installed: see above. Is a package registry reachable?', status);
  if (!hasNode()) {
    fail(
      `Node ${process.versions.node} cannot run the relay, and the package "node" brought no newer one. Install Node 24 or newer.`,
    );
  }
}
if (process.argv.includes('--build') && buildNeeded()) {
  console.log('Building …');
  const status = npm('run', '--silent', 'build');
  if (status !== 0) fail('The build failed: see above.', status);
}
