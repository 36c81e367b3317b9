import { createRequire } from 'node:module';
import type { buildConnector as BuildConnector, Pool as UndiciPool } from 'undici';

const require = createRequire(import.meta.url);

// From where undici's own index takes them: the whole of it (fetch, WebSockets, caches, mocks) costs 6 MiB and is not needed.
export const Pool = require('undici/lib/dispatcher/pool.js') as typeof UndiciPool;
export const buildConnector = require('undici/lib/core/connect.js') as typeof BuildConnector;
export const { HTTPParserError } = require('undici/lib/core/errors.js') as typeof import('undici').errors;

export type Pool = UndiciPool;
export type Connector = BuildConnector.connector;
export type ConnectorOptions = BuildConnector.BuildOptions;
