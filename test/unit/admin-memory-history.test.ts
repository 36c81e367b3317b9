import { historyContract } from '../contract/history.ts';
import { MemoryHistory } from '../support/memory-history.ts';

historyContract('the double in memory', async (setup) => new MemoryHistory(setup));
