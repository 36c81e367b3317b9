import { ThreadSupervisor, type Told } from './supervisor.ts';
import type { Work } from './work.ts';

/**
 * Entry of the process that hosts the thread of expressions. A process, because V8 ends the whole of it when one value is
 * larger than what is left of a thread's memory (`$pad("", 500000000)`), and that must not be the relay.
 */
const told: Told = {
  begun: (id, step) => process.send?.({ kind: 'begun', id, step }),
  done: (id, verdict) => process.send?.({ kind: 'done', id, verdict }),
  broken: () => process.exit(1),
};
const supervisor = new ThreadSupervisor(told);
process.on('message', (work: Work) => supervisor.add(work));
// However the relay ended, nothing of it stays; what it is told to do by a signal is its own business.
process.on('disconnect', () => process.exit(0));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
process.send?.({ kind: 'ready' });
