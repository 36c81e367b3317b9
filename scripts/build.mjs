/** Makes everything that runs: `dist/` with the program, the files it reads, and the page. */
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, rmSync } from 'node:fs';
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
// The compiler takes only TypeScript along; the rest (SQL) is copied beside it.
cpSync(join(root, 'src'), join(root, 'dist'), {
  recursive: true,
  filter: (path) => !path.startsWith(join(root, 'src/dashboard')) && !/[.](ts|tsx|md)$/.test(path),
});
run('tsc', '-p', 'tsconfig.build.json');
chmodSync(join(root, 'dist/main.js'), 0o755);
