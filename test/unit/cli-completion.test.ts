import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { hookbay } from '../support/command-line.ts';

const script = async (shell: string): Promise<string> => (await hookbay(['completion', shell])).stdout;

/** What bash offers for a line, cursor at its end. */
async function offered(...words: string[]): Promise<string[]> {
  const line = `COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _hookbay; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = spawnSync('bash', ['-c', `${await script('bash')}\n${line}`], { encoding: 'utf8' });
  expect(stderr).toBe('');
  return stdout.split('\n').filter((word) => word !== '');
}

describe('hookbay completion', () => {
  it('completes commands and options in bash', async () => {
    expect(await offered('hookbay', 'rep')).toEqual(['replay']);
    expect(await offered('hookbay', 'de')).toEqual(['deliveries']);
    expect(await offered('hookbay', 'tail', '--ro')).toEqual(['--route']);
    expect(await offered('hookbay', 'tail', '--help')).toEqual(['--help']);
    expect(await offered('hookbay', '')).toEqual(expect.arrayContaining(['serve', 'init', 'doctor', 'completion']));
  });

  it('has every command for zsh and fish too, each on terms that the shell can read', async () => {
    const help = (await hookbay(['--help'])).stdout;
    const commands = [...help.matchAll(/^ {2}([a-z]+) /gm)].map(([, name]) => name).filter((name) => name !== 'help');
    expect(commands.length).toBeGreaterThan(15);
    for (const name of commands) {
      expect(await script('fish')).toContain(`-f -a ${name} -d '`);
      expect(await script('zsh')).toMatch(new RegExp(`'${name}:`));
    }
    expect((await hookbay(['completion', 'tcsh'])).exitCode).toBe(2);
  });
});
