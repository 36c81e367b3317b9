import { describe, expect, test } from 'vitest';
import { type Fault, renderFault } from '../../src/config/fault.ts';
import { loadConfig } from '../../src/config/load.ts';

const ENV = { TOKEN: 'token-from-env', EMPTY: '', HOOKBAY_TOKEN: 'x', TIMEOUT: '30 sec', TARGET: 'ap' };

function faultsOf(text: string): Fault[] {
  const readFile = (path: string): string => {
    throw new Error(`no ${path}`);
  };
  const result = loadConfig(text, { file: '/etc/config.yaml', env: ENV, readFile });
  return result.ok ? [] : result.faults;
}

const TARGETS = 'targets:\n  app: { url: http://app:3000/hooks }\n';
const ROUTE = 'routes:\n  hook: { path: /hook, verify: none, deliver: http://app/ }\n';

/** The routes section with one route, whose settings start on line 3 at column 5. */
const route = (...settings: string[]): string => `routes:\n  hook:\n${settings.map((line) => `    ${line}\n`).join('')}`;

const routed = (...settings: string[]): string => route('path: /hook', 'verify: none', ...settings);

const known = (...settings: string[]): string =>
  route('path: /hook', 'verify: { provider: knowledgesdk, token: some-token }', ...settings);

const verified = (verify: string): string => route(`verify: ${verify}`, 'path: /hook', 'deliver: http://app/');

/** A target with these retries; its first setting starts at 1:46. */
const retrying = (retry: string): string => `targets: { app: { url: "http://a/", retry: { ${retry} } } }\n${ROUTE}`;

type Row = [name: string, text: string, code: Fault['code'], place: string, path: string, suggestion?: string];

// biome-ignore format: a table reads by row
const ROWS: Row[] = [
  ['an unknown key', `lisen: 0.0.0.0:80\n${ROUTE}`, 'unknown_key', '1:1', 'lisen', 'listen'],
  ['a key of a later version', `${ROUTE}targets: { a: { url: "http://a/", mirror: true } }`, 'unknown_key', '3:35', 'targets.a.mirror'],
  ['an unknown key without a value', `${ROUTE}adnim:\n`, 'unknown_key', '3:1', 'adnim', 'admin'],
  ['an unknown key of an edge', routed('deliver: { target: "http://a/", event: [A] }'), 'unknown_key', '5:37', 'routes.hook.deliver.event', 'events'],
  ['no routes', 'listen: 0.0.0.0:80\n', 'missing_key', '1:1', 'routes'],
  ['an empty file', '', 'missing_key', '1:1', 'routes'],
  ['empty routes', 'routes: {}\n', 'empty_list', '1:9', 'routes'],
  ['routes as a list', 'routes: [a]\n', 'wrong_type', '1:9', 'routes'],
  ['a file that is a list', '- a\n', 'wrong_type', '1:1', ''],
  ['a name that is none', 'routes:\n  "a b": { path: /hook, verify: none, deliver: "http://app/" }', 'bad_name', '2:3', 'routes.a b'],
  ['a name that would be a prototype', `${ROUTE}  __proto__: { path: /x, verify: none, deliver: "http://app/" }`, 'bad_name', '3:3', 'routes.__proto__'],
  ['listen without a host', `listen: 8080\n${ROUTE}`, 'bad_value', '1:9', 'listen', '0.0.0.0:8080'],
  ['a port that is none', `listen: 127.0.0.1:70000\n${ROUTE}`, 'bad_value', '1:9', 'listen'],
  ['an address that is none', `listen: 300.0.0.1:80\n${ROUTE}`, 'bad_value', '1:9', 'listen'],
  ['a public URL with credentials', `publicUrl: https://u:p@h\n${ROUTE}`, 'bad_url', '1:12', 'publicUrl'],
  ['a proxy that is no address', `trustedProxies: [10.0.0.0/33]\n${ROUTE}`, 'bad_value', '1:18', 'trustedProxies[0]'],
  ['an open private listener', `admin: { listen: "0.0.0.0:8081" }\n${ROUTE}`, 'admin_token_required', '1:1', 'admin.token'],
  ['an open private listener with an empty token', `admin: { listen: "[::]:8081", token: "\${EMPTY}" }\n${ROUTE}`, 'admin_token_required', '1:38', 'admin.token'],
  ['one port twice', `admin: { listen: "127.0.0.1:8080" }\n${ROUTE}`, 'same_listener', '1:18', 'admin.listen'],
  ['a short callback secret', `admin: { callbackSecret: changeme }\n${ROUTE}`, 'weak_secret', '1:26', 'admin.callbackSecret'],
  ['no range for callbacks', `admin: { callbackAllow: [10.0.0.0/33] }\n${ROUTE}`, 'bad_value', '1:26', 'admin.callbackAllow[0]'],
  ['a short admin token', `admin: { token: changeme }\n${ROUTE}`, 'weak_secret', '1:17', 'admin.token'],
  ['another database', `storage: { url: "postgres://h/db" }\n${ROUTE}`, 'bad_url', '1:17', 'storage.url'],
  ['a database in memory', `storage: { url: "sqlite::memory:" }\n${ROUTE}`, 'bad_url', '1:17', 'storage.url'],
  ['a size without a unit', `limits: { body: 1000 }\n${ROUTE}`, 'bad_value', '1:17', 'limits.body'],
  ['a size in another spelling', `limits: { body: 10 mb }\n${ROUTE}`, 'bad_value', '1:17', 'limits.body', '10MB'],
  ['a body larger than all bodies', `limits: { inFlight: 1MiB }\n${ROUTE}`, 'contradiction', '1:21', 'limits.inFlight'],
  ['a key that is too short', `storage: { encryption: { keys: [{ id: k1, key: c2hvcnQ= }] } }\n${ROUTE}`, 'bad_secret', '1:48', 'storage.encryption.keys[0].key'],
  ['a key that is not random', `storage: { encryption: { keys: [{ id: k1, key: "${'00'.repeat(32)}" }] } }\n${ROUTE}`, 'weak_secret', '1:48', 'storage.encryption.keys[0].key'],
  ['no keys', `storage: { encryption: { keys: [] } }\n${ROUTE}`, 'empty_list', '1:32', 'storage.encryption.keys'],
  ['an age for bodies without a unit', `storage: { retention: { bodies: 3 } }\n${ROUTE}`, 'bad_value', '1:33', 'storage.retention.bodies', '3s'],
  ['a route that keeps nothing', routed('deliver: http://app/', 'keep: 0s'), 'out_of_range', '6:11', 'routes.hook.keep'],
  ['a duration without a unit', `storage: { retention: { dead: 30 } }\n${ROUTE}`, 'bad_value', '1:31', 'storage.retention.dead', '30s'],
  ['an alert without a URL', `alert: {}\n${ROUTE}`, 'missing_key', '1:1', 'alert.url'],
  ['a target without a URL', `targets: { app: {} }\n${ROUTE}`, 'missing_key', '1:12', 'targets.app.url'],
  ['a target URL without a scheme', `targets: { app: { url: "app:3000/x" } }\n${ROUTE}`, 'bad_url', '1:24', 'targets.app.url', 'http://app:3000/x'],
  ['a target URL that is not http', `targets: { app: { url: "ftp://app/" } }\n${ROUTE}`, 'bad_url', '1:24', 'targets.app.url'],
  ['a timeout that is too long', `targets: { app: { url: "http://a/", timeout: 11m } }\n${ROUTE}`, 'out_of_range', '1:46', 'targets.app.timeout'],
  ['no concurrency', `targets: { app: { url: "http://a/", concurrency: 0 } }\n${ROUTE}`, 'out_of_range', '1:50', 'targets.app.concurrency'],
  ['half an attempt', `targets: { app: { url: "http://a/", retry: { attempts: 1.5 } } }\n${ROUTE}`, 'bad_value', '1:56', 'targets.app.retry.attempts'],
  ['more than all jitter', `targets: { app: { url: "http://a/", retry: { jitter: 1.1 } } }\n${ROUTE}`, 'out_of_range', '1:54', 'targets.app.retry.jitter'],
  ['a shrinking wait', `targets: { app: { url: "http://a/", retry: { factor: 0.5 } } }\n${ROUTE}`, 'out_of_range', '1:54', 'targets.app.retry.factor'],
  ['a first wait past the longest', `targets: { app: { url: "http://a/", retry: { max: 1s } } }\n${ROUTE}`, 'contradiction', '1:44', 'targets.app.retry'],
  ['delays and a factor', retrying('delays: [5s], factor: 3'), 'contradiction', '1:68', 'targets.app.retry.factor'],
  ['delays and linear backoff', retrying('backoff: linear, delays: [5s]'), 'contradiction', '1:55', 'targets.app.retry.backoff'],
  ['linear backoff and a factor', retrying('backoff: linear, factor: 3'), 'contradiction', '1:71', 'targets.app.retry.factor'],
  ['a backoff that is none', retrying('backoff: exponental'), 'bad_value', '1:55', 'targets.app.retry.backoff', 'exponential'],
  ['no delay', retrying('delays: []'), 'empty_list', '1:54', 'targets.app.retry.delays'],
  ['a delay that is no duration', retrying('delays: [5s, 1 min]'), 'bad_value', '1:59', 'targets.app.retry.delays[1]', '1m'],
  ['a delay past thirty days', retrying('delays: [31d]'), 'out_of_range', '1:55', 'targets.app.retry.delays[0]'],
  ['more delays than attempts', retrying('attempts: 2, delays: [5s, 1m]'), 'contradiction', '1:56', 'targets.app.retry.attempts'],
  ['a duration for too many attempts', retrying('duration: 90d, max: 10s'), 'contradiction', '1:56', 'targets.app.retry.duration'],
  ['a success in retryOn', retrying('retryOn: [5xx, 2xx]'), 'bad_value', '1:61', 'targets.app.retry.retryOn[1]'],
  ['a status that is none', retrying('deadOn: [700]'), 'bad_value', '1:55', 'targets.app.retry.deadOn[0]'],
  ['a range that runs backwards', retrying('deadOn: [404-400]'), 'bad_value', '1:55', 'targets.app.retry.deadOn[0]'],
  ['a status in another spelling', retrying('retryOn: ["50x"]'), 'bad_value', '1:56', 'targets.app.retry.retryOn[0]', '5xx'],
  ['statuses that are no list', retrying('pauseOn: 410'), 'wrong_type', '1:55', 'targets.app.retry.pauseOn'],
  ['an empty list of statuses', retrying('pauseOn: []'), 'empty_list', '1:55', 'targets.app.retry.pauseOn'],
  ['rules that leave no status', retrying('retryOn: [501, "!5xx"]'), 'contradiction', '1:55', 'targets.app.retry.retryOn'],
  ['dead and paused at once', retrying('deadOn: [4xx], pauseOn: [410]'), 'contradiction', '1:70', 'targets.app.retry.pauseOn'],
  ['a `!` without quotes', retrying('retryOn: [5xx, !501]'), 'syntax', '1:61', ''],
  ['a rate of a target in words', `targets: { app: { url: "http://a/", rateLimit: 100 per second } }\n${ROUTE}`, 'bad_value', '1:48', 'targets.app.rateLimit', '100/s'],
  ['bodies in flight without a unit', `targets: { app: { url: "http://a/", inFlight: 16 } }\n${ROUTE}`, 'bad_value', '1:47', 'targets.app.inFlight'],
  ['a share of more than all', `targets: { app: { url: "http://a/", breaker: { share: 2 } } }\n${ROUTE}`, 'out_of_range', '1:55', 'targets.app.breaker.share'],
  ['an unknown key of a breaker', `targets: { app: { url: "http://a/", breaker: { failure: 5 } } }\n${ROUTE}`, 'unknown_key', '1:48', 'targets.app.breaker.failure', 'failures'],
  ['a breaker that is neither', `targets: { app: { url: "http://a/", breaker: on } }\n${ROUTE}`, 'bad_value', '1:46', 'targets.app.breaker'],
  ['a first cooldown past the longest', `targets: { app: { url: "http://a/", breaker: { cooldown: 10m } } }\n${ROUTE}`, 'contradiction', '1:46', 'targets.app.breaker'],
  ['a signing secret that is no base64', `targets: { app: { url: "http://a/", sign: { secret: "whsec_???" } } }\n${ROUTE}`, 'bad_secret', '1:53', 'targets.app.sign.secret'],
  ['a short signing secret', `targets: { app: { url: "http://a/", sign: { secret: short } } }\n${ROUTE}`, 'weak_secret', '1:53', 'targets.app.sign.secret'],
  ['a path without a slash', route('path: hook', 'verify: none', 'deliver: http://app/'), 'bad_path', '3:11', 'routes.hook.path', '/hook'],
  ['a reserved path', route('path: /healthz', 'verify: none', 'deliver: http://app/'), 'reserved_path', '3:11', 'routes.hook.path'],
  ['a path with a query', route('path: /hook?a=1', 'verify: none', 'deliver: http://app/'), 'unreachable_route', '3:11', 'routes.hook.path'],
  ['a path with a pattern', route('path: /hooks/*', 'verify: none', 'deliver: http://app/'), 'unreachable_route', '3:11', 'routes.hook.path'],
  ['a path with dots', route('path: /a/../b', 'verify: none', 'deliver: http://app/'), 'unreachable_route', '3:11', 'routes.hook.path'],
  ['a path with a letter that is encoded', route('path: /höök', 'verify: none', 'deliver: http://app/'), 'unreachable_route', '3:11', 'routes.hook.path'],
  ['two routes on one path', `${ROUTE}  other: { path: /hook, verify: none, deliver: "http://app/" }`, 'duplicate_path', '3:18', 'routes.other.path'],
  ['a method in small letters', routed('deliver: http://app/', 'methods: [post]'), 'bad_value', '6:15', 'routes.hook.methods[0]', 'POST'],
  ['no methods', routed('deliver: http://app/', 'methods: []'), 'empty_list', '6:14', 'routes.hook.methods'],
  ['no verify', route('path: /hook', 'deliver: http://app/'), 'missing_key', '2:3', 'routes.hook.verify'],
  ['verify without a value', route('path: /hook', 'deliver: http://app/', 'verify:'), 'missing_key', '5:5', 'routes.hook.verify'],
  ['verify without secrets', verified('knowledgesdk'), 'wrong_type', '3:13', 'routes.hook.verify'],
  ['an unknown provider', verified('{ provider: knowlegdesdk }'), 'bad_value', '3:25', 'routes.hook.verify.provider', 'knowledgesdk'],
  ['no provider', verified('{ token: some-token }'), 'missing_key', '3:5', 'routes.hook.verify.provider'],
  ['neither token nor hmac', verified('{ provider: knowledgesdk, token: "${EMPTY}", hmac: [] }'), 'no_secret', '3:13', 'routes.hook.verify'],
  ['all of one secret', verified('{ provider: knowledgesdk, token: some-token, require: all }'), 'one_secret', '3:67', 'routes.hook.verify.require'],
  ['a short token', verified('{ provider: knowledgesdk, token: [some-token, short] }'), 'weak_secret', '3:59', 'routes.hook.verify.token[1]'],
  ['a token with a line break', verified('{ provider: knowledgesdk, token: "some\\ntoken" }'), 'bad_secret', '3:46', 'routes.hook.verify.token'],
  ['a token that is a number', verified('{ provider: knowledgesdk, token: 12345678 }'), 'wrong_type', '3:46', 'routes.hook.verify.token'],
  ['another require', verified('{ provider: knowledgesdk, token: some-token, require: both }'), 'bad_value', '3:67', 'routes.hook.verify.require'],
  ['a template without the body', verified('{ provider: knowledgesdk, token: some-token, hmacTemplate: "{timestamp}" }'), 'bad_value', '3:72', 'routes.hook.verify.hmacTemplate'],
  ['a template with another name', verified('{ provider: knowledgesdk, token: some-token, hmacTemplate: "{time}.{body}" }'), 'bad_value', '3:72', 'routes.hook.verify.hmacTemplate'],
  ['a time that is nowhere', verified('{ provider: knowledgesdk, token: some-token, hmacTimestamp: x-time }'), 'bad_value', '3:73', 'routes.hook.verify.hmacTimestamp'],
  ['a long tolerance', verified('{ provider: knowledgesdk, token: some-token, tolerance: 8d }'), 'out_of_range', '3:69', 'routes.hook.verify.tolerance'],
  ['another dedup', routed('deliver: http://app/', 'dedup: bdy'), 'bad_value', '6:12', 'routes.hook.dedup', 'body'],
  ['a dedup key that is nowhere', routed('deliver: http://app/', 'dedup: { key: x-id }'), 'bad_value', '6:19', 'routes.hook.dedup.key'],
  ['a window without a key', routed('deliver: http://app/', 'dedup: { window: 1d }'), 'no_dedup_key', '6:12', 'routes.hook.dedup'],
  ['no deliver', routed(), 'missing_key', '2:3', 'routes.hook.deliver'],
  ['an empty deliver', routed('deliver: []'), 'empty_list', '5:14', 'routes.hook.deliver'],
  ['a missing target', `${TARGETS}${routed('deliver: ap')}`, 'unknown_target', '7:14', 'routes.hook.deliver', 'app'],
  ['a missing target of an edge', `${TARGETS}${routed('deliver: [app, { target: audit }]')}`, 'unknown_target', '7:30', 'routes.hook.deliver[1].target'],
  ['a target twice', `${TARGETS}${routed('deliver: [app, { target: app }]')}`, 'repeated', '7:30', 'routes.hook.deliver[1].target'],
  ['two URLs', routed('deliver: ["http://a/", "http://b/"]'), 'inline_target_name', '5:28', 'routes.hook.deliver[1]'],
  ['a URL beside a target of the same name', `targets: { hook: { url: "http://a/" } }\n${routed('deliver: http://b/')}`, 'inline_target_name', '6:14', 'routes.hook.deliver'],
  ['a deliver URL that is not http', routed('deliver: amqp://mq/'), 'bad_url', '5:14', 'routes.hook.deliver'],
  ['deliver as a number', routed('deliver: 3'), 'wrong_type', '5:14', 'routes.hook.deliver'],
  ['no events', routed('deliver: { target: "http://a/", events: [] }'), 'empty_list', '5:45', 'routes.hook.deliver.events'],
  ['an event that is empty', known('deliver: { target: "http://a/", events: [A, ""] }'), 'bad_value', '5:49', 'routes.hook.deliver.events[1]'],
  ['events where no event has a type', routed('deliver: { target: "http://a/", events: [A] }'), 'no_event_type', '5:45', 'routes.hook.deliver.events'],
  ['events in a list where no event has a type', `${TARGETS}${routed('deliver:', '  - app', '  - { target: "http://a/", events: [A] }')}`, 'no_event_type', '9:40', 'routes.hook.deliver[1].events'],
  ['another mode', routed('deliver: http://app/', 'mode: proxi'), 'bad_value', '6:11', 'routes.hook.mode', 'proxy'],
  ['a deadline past its bounds', routed('deliver: http://app/', 'mode: proxy', 'deadline: 26s'), 'out_of_range', '7:15', 'routes.hook.deadline'],
  ['a deadline in queue mode', routed('deliver: http://app/', 'deadline: 2s'), 'only_in_proxy_mode', '6:15', 'routes.hook.deadline'],
  ['an answering target in queue mode', routed('deliver: { target: "http://app/", answers: true }', 'mode: queue'), 'only_in_proxy_mode', '5:48', 'routes.hook.deliver.answers'],
  ['several targets of which none answers', `${TARGETS}${routed('deliver: [app, { target: "http://b/" }]', 'mode: proxy')}`, 'no_answering_target', '7:14', 'routes.hook.deliver'],
  ['two targets that answer', `${TARGETS}${routed('deliver: [{ target: app, answers: true }, { target: "http://b/", answers: true }]', 'mode: proxy')}`, 'repeated', '7:79', 'routes.hook.deliver[1].answers'],
  ['an answer that is neither true nor false', routed('deliver: { target: "http://app/", answers: maybe }', 'mode: proxy'), 'bad_value', '5:48', 'routes.hook.deliver.answers'],
  ['an unset variable', verified('{ provider: knowledgesdk, token: "${HOKBAY_TOKEN}" }'), 'unset_variable', '3:46', 'routes.hook.verify.token', 'HOOKBAY_TOKEN'],
  ['an unset variable like no other', verified('{ provider: knowledgesdk, token: "${WHATEVER}" }'), 'unset_variable', '3:46', 'routes.hook.verify.token'],
  ['a missing secret file', verified('{ provider: knowledgesdk, token: "${file:/run/secrets/nope}" }'), 'secret_file_unreadable', '3:46', 'routes.hook.verify.token'],
  ['a placeholder of another shape', verified('{ provider: knowledgesdk, token: "${TO KEN}" }'), 'bad_placeholder', '3:46', 'routes.hook.verify.token'],
  ['a placeholder that is not closed', verified('{ provider: knowledgesdk, token: "${TOKEN" }'), 'bad_placeholder', '3:46', 'routes.hook.verify.token'],
  ['an unquoted placeholder', verified('{ provider: knowledgesdk, token: ${TOKEN}, require: any }'), 'unquoted_placeholder', '3:46', ''],
  ['an unquoted placeholder in a list', verified('{ provider: knowledgesdk, token: [${TOKEN:-}, other-token] }'), 'unquoted_placeholder', '3:47', ''],
  ['a repeated key', `${ROUTE}listen: "127.0.0.1:80"\nlisten: "127.0.0.1:81"\n`, 'duplicate_key', '4:1', ''],
  ['a line indented too deeply', 'routes:\n  hook:\n    path: /hook\n      verify: none\n', 'syntax', '4:7', ''],
  ['a first line indented too deeply', 'listen: 0.0.0.0:80\n  admin: {}\nroutes: {}\n', 'syntax', '2:3', ''],
  ['a line not indented enough', 'targets:\n  app:\n    url: http://a/\n   timeout: 30s\nroutes: {}\n', 'syntax', '4:1', ''],
  ['two values on one line', `listen: 0.0.0.0: 80\n${ROUTE}`, 'syntax', '1:9', ''],
  ['a tab', 'routes:\n\thook: 1\n', 'syntax', '2:1', ''],
  ['a second document', `${ROUTE}---\n${ROUTE}`, 'syntax', '3:1', ''],
  ['a tag', `listen: !secret x\n${ROUTE}`, 'syntax', '1:9', ''],
  ['an alias to nothing', `listen: *nowhere\n${ROUTE}`, 'bad_alias', '1:9', 'listen'],
];

test.each(ROWS)('%s', (_name, text, code, place, path, suggestion) => {
  const faults = faultsOf(text);
  expect(faults.map((fault) => ({ code: fault.code, place: `${fault.line}:${fault.column}`, path: fault.path }))).toEqual([
    { code, place, path },
  ]);
  expect(faults[0]?.suggestion).toBe(suggestion);
  expect(faults[0]?.expected).not.toBe('');
  expect(faults[0]?.file).toBe('/etc/config.yaml');
});

test('every fault at once, in the order of the file', () => {
  const text = `lisen: x\nlimits: { body: many }\n${TARGETS}routes:\n  a: { path: a, deliver: ap }\n  b: { path: /readyz, verify: none, deliver: [] }\n`;
  expect(faultsOf(text).map(({ code, line }) => `${line} ${code}`)).toEqual([
    '1 unknown_key',
    '2 bad_value',
    '6 missing_key',
    '6 bad_path',
    '6 unknown_target',
    '7 reserved_path',
    '7 empty_list',
  ]);
});

test('a missing verify says that none must be written', () => {
  expect(faultsOf(route('path: /hook', 'deliver: http://app/'))[0]?.expected).toContain('`verify: none`');
});

test.each(['${ 0.0.0.0:8080\nlisten: 1\n', '${', '${A}: x', '${ [', '}${'])(
  'a file that begins with %j has faults and an end',
  (text) => {
    const result = loadConfig(text, { file: null, cwd: '/', env: {} });
    expect(result.ok ? [] : result.faults).not.toEqual([]);
  },
);

test('several unquoted placeholders and a fault beside them are all told', () => {
  const text =
    'routes:\n  a: { path: /a, verify: { provider: knowledgesdk, token: ${A}, hmac: ${B} }, deliver: ${C} }\n  b: { path: b, verify: none, deliver: "http://b/" }\n';
  expect(faultsOf(text).map(({ code, line, column }) => `${line}:${column} ${code}`)).toEqual([
    '2:59 unquoted_placeholder',
    '2:71 unquoted_placeholder',
    '2:88 unquoted_placeholder',
    '3:14 bad_path',
  ]);
});

describe('aliases that unfold into too much are refused', () => {
  test('aliases of aliases', () => {
    const levels = Array.from(
      { length: 12 },
      (_, i) => `k${i}: &k${i} [${Array.from({ length: 10 }, () => (i === 0 ? 'x' : `*k${i - 1}`)).join(', ')}]`,
    );
    expect(faultsOf(`${levels.join('\n')}\n`).map(({ code }) => code)).toEqual(['too_much']);
  });

  test('an alias inside of its own anchor', () => {
    expect(faultsOf('routes: &r { a: *r }\n').map(({ code }) => code)).toEqual(['too_much']);
  });
});

describe('what a variable holds is never shown', () => {
  test('a wrong value is shown as it stands in the file, without a suggestion made from it', () => {
    const [fault] = faultsOf(`targets: { app: { url: "http://a/", timeout: "\${TIMEOUT}" } }\n${ROUTE}`);
    expect(fault?.message).toContain('"${TIMEOUT}"');
    expect(fault?.suggestion).toBeUndefined();
  });

  test('nor the name of a target', () => {
    const [fault] = faultsOf(`${TARGETS}${routed('deliver: "${TARGET}"')}`);
    expect(fault).toMatchObject({ code: 'unknown_target', message: 'there is no target "${TARGET}"' });
  });
});

test('a fault for a terminal has the place, what was expected and what was meant, and no control characters', () => {
  const [fault] = faultsOf(`"lis\\e[2Jen": x\n${ROUTE}`);
  if (fault === undefined) throw new Error('no fault');
  expect(renderFault({ ...fault, suggestion: 'listen' }).split('\n')).toEqual([
    '/etc/config.yaml:1:1: there is no key "lis\\u001b[2Jen" [unknown_key]',
    expect.stringMatching(/^ {4}expected: one of listen, /),
    '    did you mean: listen',
  ]);
  expect(renderFault({ ...fault, message: 'a\u001b[2J\nb', line: 0 })).toMatch(
    /^\/etc\/config.yaml: a\uFFFD\[2J\uFFFDb \[unknown_key\]\n/,
  );
});
