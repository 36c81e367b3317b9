import type { AdminClient } from './admin-client.ts';
import type { Page, RejectionItem, StatsItem, TargetItem } from './admin-types.ts';
import { CommandError } from './command-error.ts';
import { connect } from './connect.ts';
import type { CommandContext } from './context.ts';
import type { Finding } from './findings.ts';
import { type LeftBehind, leftBehind } from './left-behind.ts';
import type { AdminOptions } from './options.ts';
import { relativeTime } from './text.ts';

/** Signatures are refused past five minutes; a difference of seconds is what the way takes. */
const CLOCK_MS = 30_000;
const LATELY_MS = 3_600_000;
const OVERDUE_MS = 5 * 60_000;

/** The relay itself, as far as it runs and lets us in. */
export async function examineRelay(context: CommandContext, options: AdminOptions): Promise<Finding[]> {
  try {
    const admin = await connect(context, options);
    const stats = await admin.get<StatsItem>('/stats');
    const { data: configured } = await admin.get<Page<TargetItem>>('/targets');
    return [
      { state: 'good', subject: 'relay', finding: `It runs, and answers at ${admin.url}.`, advice: null },
      clock(stats),
      ...targets(configured),
      ...leftBehind(stats, configured).map(gone),
      ...(await refused(admin)),
    ];
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    const state = error.code === 'relay_unreachable' ? 'note' : 'bad';
    return [{ state, subject: 'relay', finding: error.message, advice: error.hint ?? null }];
  }
}

function clock({ at }: StatsItem): Finding {
  const apart = Math.abs(Date.parse(at) - Date.now());
  if (apart <= CLOCK_MS) return { state: 'good', subject: 'clock', finding: 'The relay and this machine agree.', advice: null };
  const finding = `The relay's clock and this machine's are ${Math.round(apart / 1000)} s apart.`;
  return {
    state: 'bad',
    subject: 'clock',
    finding,
    advice: 'Let both follow NTP: providers that sign the time are refused otherwise.',
  };
}

function targets(configured: readonly TargetItem[]): Finding[] {
  const now = Date.now();
  return configured.flatMap(({ name, state, reason, counts, oldestDueAt }): Finding[] => {
    const subject = `target ${name}`;
    const found: Finding[] = [];
    const { dead = 0, held = 0, pending = 0 } = counts;
    const waiting = pending === 1 ? '1 delivery waits' : `${pending} deliveries wait`;
    if (state === 'paused') {
      const finding = `It is paused${reason === null ? '' : ` (${reason})`}, and ${waiting}.`;
      found.push({ state: 'note', subject, finding, advice: `\`hookbay targets ${name} --resume\` lets them go.` });
    } else if (state !== 'healthy' && pending === 0) {
      found.push(idle(name, state, reason));
    } else if (state !== 'healthy') {
      const finding = `It is ${state}: ${reason ?? 'its last attempt failed'}; ${waiting}.`;
      found.push({
        state: 'bad',
        subject,
        finding,
        advice: `\`hookbay deliveries --target ${name} --status pending\` shows why.${state === 'open' ? ` Once it is back, \`hookbay targets ${name} --resume\` tries it at once.` : ''}`,
      });
    } else if (oldestDueAt !== null && now - Date.parse(oldestDueAt) > OVERDUE_MS) {
      const finding = `It is behind: the oldest delivery was due ${relativeTime(oldestDueAt, now)}.`;
      found.push({ state: 'note', subject, finding, advice: 'Raise its concurrency if the target can bear it.' });
    }
    if (dead > 0) {
      const finding = `It has ${dead} dead ${dead === 1 ? 'letter' : 'letters'}.`;
      const advice = `\`hookbay deliveries --target ${name} --status dead\` shows them, \`hookbay replay --target ${name} --status dead\` tries again.`;
      found.push({ state: 'bad', subject, finding, advice });
    }
    if (held > 0) {
      const finding = `${held === 1 ? '1 delivery of it is held, and waits' : `${held} deliveries of it are held, and wait`} for you.`;
      found.push({ state: 'note', subject, finding, advice: `\`hookbay deliveries --target ${name} --status held\` says why.` });
    }
    return found;
  });
}

/** It failed last, and there is nothing that could fail now. */
function idle(name: string, state: 'retrying' | 'open' | 'half_open', reason: string | null): Finding {
  const subject = `target ${name}`;
  const why = reason ?? 'its last attempt failed';
  if (state === 'retrying') {
    const advice = `\`hookbay deliveries --target ${name}\` shows its last attempts.`;
    return { state: 'note', subject, finding: `It failed last (${why}).`, advice };
  }
  const words = state === 'open' ? 'open' : 'half open';
  const finding = `Its breaker is ${words} (${why}), and nothing waits: the next delivery will be the probe.`;
  const advice = state === 'open' ? `Not before its wait is over; \`hookbay targets ${name} --resume\` ends the wait.` : null;
  return { state: 'note', subject, finding, advice };
}

/** Nobody else tells of it: what is not configured is in no list of targets. */
function gone({ target, waiting, dead }: LeftBehind): Finding {
  const counts = [...(waiting > 0 ? [`${waiting} held`] : []), ...(dead > 0 ? [`${dead} dead`] : [])].join(' and ');
  const finding = `It is not configured any more, and has ${counts} ${waiting + dead === 1 ? 'delivery' : 'deliveries'}.`;
  const back = waiting > 0 ? 'What is held goes on when its name is back in the configuration. Otherwise' : 'To give them up,';
  const advice = `${back} \`hookbay deliveries --target ${target}\` lists them, and \`hookbay deliveries ID --discard\` gives one up.`;
  return { state: waiting > 0 ? 'bad' : 'note', subject: `target ${target}`, finding, advice };
}

async function refused(admin: AdminClient): Promise<Finding[]> {
  const { data } = await admin.get<Page<RejectionItem>>('/rejections', { limit: 100 });
  const lately = data.filter(({ at, route }) => route !== null && Date.now() - Date.parse(at) < LATELY_MS);
  const byRoute = Map.groupBy(lately, ({ route, reason }) => JSON.stringify([route, reason]));
  return [...byRoute.values()].flatMap((group): Finding[] => {
    const [newest] = group;
    if (newest === undefined) return [];
    const count = `${group.length}${data.length === 100 ? ' or more' : ''}`;
    const finding = `${count} refused within an hour (${newest.reason}): ${newest.explanation}`;
    const advice = `\`hookbay rejections --route ${newest.route ?? ''} --reason ${newest.reason}\` shows them.`;
    return [{ state: 'note', subject: `route ${newest.route ?? ''}`, finding, advice }];
  });
}
