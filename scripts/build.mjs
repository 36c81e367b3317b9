/** Makes everything that runs: `dist/` with the program and the page. */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');

function run(tool, ...args) {
  const bin = join(root, 'node_modules/.bin', process.platform === 'win32' ? `${tool}.cmd` : tool);
  const { status } = spawnSync(bin, args, { cwd: root, stdio: 'inherit', shell: process.platform === 'win32' });
  if (status !== 0) process.exit(status ?? 1);
}

rmSync(join(root, 'dist'), { recursive: true, force: true });
const page = 'src/dashboard/vite.config.ts';
if (existsSync(join(root, page))) run('vite', 'build', '--config', page, '--logLevel', 'warn');
run('tsc', '-p', 'tsconfig.build.json');
chmodSync(join(root, 'dist/main.js'), 0o755);
