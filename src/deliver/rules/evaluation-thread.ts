import { parentPort } from 'node:worker_threads';
import { evaluate } from './evaluate.ts';
import type { ThreadMessage } from './supervisor.ts';
import type { Work } from './work.ts';

/** Entry of the thread in which expressions run: killed when one does not end, limited in its memory. */
const port = parentPort;
if (port === null) throw new Error('evaluation-thread runs as a worker');
const say = (message: ThreadMessage): void => port.postMessage(message);

/** JSONata looks at own properties only. Should it ever not: no way to make code from text, and no prototype to change. */
function disarm(): void {
  const makers = [
    Function,
    async function any() {}.constructor,
    function* any() {}.constructor,
    async function* any() {}.constructor,
  ];
  for (const maker of makers) Object.defineProperty(maker.prototype, 'constructor', { value: undefined });
  Reflect.deleteProperty(Object.prototype, '__proto__');
  Object.preventExtensions(Object.prototype);
}

disarm();
port.on('message', (work: Work) => {
  void evaluate(work, (step) => say({ kind: 'begun', step })).then((verdict) => say({ kind: 'done', verdict }));
});
say({ kind: 'ready' });
