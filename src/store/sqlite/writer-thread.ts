import { parentPort, workerData } from 'node:worker_threads';
import { HookbayError } from '../../domain/errors.ts';
import { dropBallast } from './ballast.ts';
import { type OpenedDatabase, openDatabase } from './open.ts';
import type { Batch, BatchResult, OpenRequest, WriterMessage, WriterRequest } from './protocol.ts';
import { errorCodeOf } from './sqlite-errors.ts';

/** Entry of the thread that writes: one connection, so that an fsync never blocks the event loop. */
const port = parentPort;
if (port === null) throw new Error('writer-thread runs as a worker');
const request = workerData as OpenRequest;
const say = (message: WriterMessage): void => port.postMessage(message);

function open(): OpenedDatabase | null {
  try {
    const opened = openDatabase(request);
    say({ kind: 'opened', report: opened.report });
    return opened;
  } catch (error) {
    const hint = error instanceof HookbayError ? error.hint : 'Nothing was changed. See docs/operations.md, "Damaged files".';
    const code = error instanceof HookbayError ? error.code : errorCodeOf(error);
    say({ kind: 'open-failed', code, message: error instanceof Error ? error.message : String(error), hint });
    return null;
  }
}

function commit({ writer, mark }: OpenedDatabase, batch: Batch): BatchResult {
  const before = writer.lastEvent();
  const result = writer.run(batch);
  batch.bytes.transfer(0); // gives the memory back now: this thread collects so little garbage that it would lie for minutes
  if (result.kind === 'committed' && writer.lastEvent() !== before) mark(writer.lastEvent(), batch.now);
  if (result.kind === 'refused' && result.code === 'disk_full') dropBallast(request.file);
  return result;
}

const opened = open();
if (opened === null) port.close();
port.on('message', (message: WriterRequest) => {
  if (opened === null) return;
  if (message.kind === 'batch') {
    say(commit(opened, message));
    return;
  }
  opened.close();
  say({ kind: 'closed' });
  port.close();
});
