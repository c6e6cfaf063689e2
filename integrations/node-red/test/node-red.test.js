/**
 * Node-RED as a low-code client, both ways: its HTTP request node creates a lead with an access key, its HTTP-in node
 * receives the signed hook of that lead, and refuses one that nobody signed.
 */

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const BINARY = process.env.LEADLATCH_BIN ?? here('../../../target/debug/leadlatch');

const folder = mkdtempSync(join(tmpdir(), 'leadlatch-node-red-'));
const database = `sqlite:${join(folder, 'leadlatch.db')}`;
const running = [];
let nodeRed;
let secret;

const run = (...line) => JSON.parse(execFileSync(BINARY, [...line, '--json', '--database', database]));

/** Starts a program, and gives what the first line that matches says. */
const start = (program, args, env, pattern) =>
  new Promise((found, failed) => {
    const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    running.push(child);
    const look = (line) => {
      const match = pattern.exec(line);
      if (match) found(match[1]);
    };
    for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on('line', look);
    child.on('exit', (code) => failed(new Error(`${program} ended with ${code}`)));
  });

const freePort = () =>
  new Promise((found) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => found(port));
    });
  });

const json = (method, url, body, headers = {}) =>
  fetch(url, { method, headers: { 'Content-Type': 'application/json', ...headers }, body: JSON.stringify(body) });

before(async () => {
  run('account', 'create', '--name', 'acme', '--slug', 'acme');
  const scopes = ['create_leads', 'read_leads'].flatMap((scope) => ['--scope', scope]);
  const key = run('key', 'create', '--account', 'acme', '--kind', 'full', '--name', 'Node-RED', ...scopes).secret;
  const serve = ['serve', '--listen', '127.0.0.1:0', '--database', database];
  const env = { NO_COLOR: '1', LEADLATCH_HOOK_ALLOWED_RANGES: '127.0.0.0/8' };
  const leadlatch = `http://${await start(BINARY, serve, env, /address=(\S+)/)}`;
  const port = await freePort();
  nodeRed = `http://127.0.0.1:${port}`;
  const subscription = { target_url: `${nodeRed}/leadlatch`, events: ['lead.created'] };
  const made = await json('POST', `${leadlatch}/api/v1/hooks`, subscription, { Authorization: `Bearer ${key}` });
  assert.equal(made.status, 201, await made.clone().text());
  ({ secret } = await made.json());
  const variables = { LEADLATCH_URL: leadlatch, LEADLATCH_KEY: key, LEADLATCH_HOOK_SECRET: secret };
  const args = [here('../node_modules/node-red/red.js'), '--settings', here('../settings.cjs'), '--userDir', folder];
  await start(process.execPath, [...args, '--port', String(port)], variables, /(Started flows)/);
});

after(async () => {
  await Promise.all(running.map((child) => new Promise((ended) => child.once('exit', ended) && child.kill())));
  rmSync(folder, { recursive: true, force: true });
});

const kept = async () => (await fetch(`${nodeRed}/leads`)).json();

test('a lead goes in by the HTTP request node and comes back by the HTTP-in node', { timeout: 60_000 }, async () => {
  const answer = await json('POST', `${nodeRed}/enquiry`, { name: 'Ann', email: 'ann@example.org' });
  assert.equal(answer.status, 201);
  const lead = await answer.json();
  assert.equal(lead.firstname, 'Ann');
  let leads = [];
  while (leads.length === 0) leads = await kept();
  assert.equal(leads.length, 1);
  assert.equal(leads[0].type, 'lead.created');
  assert.deepEqual(leads[0].data, lead);
});

test('a hook that nobody signed is refused', { timeout: 60_000 }, async () => {
  const before = await kept();
  const headers = {
    'webhook-id': 'forged',
    'webhook-timestamp': String(Math.floor(Date.now() / 1000)),
    'webhook-signature': `v1,${Buffer.alloc(32).toString('base64')}`,
  };
  for (const sent of [headers, {}, { ...headers, 'webhook-timestamp': '0' }]) {
    const answer = await json('POST', `${nodeRed}/leadlatch`, { id: 'forged', data: {} }, sent);
    assert.equal(answer.status, 401);
  }
  assert.deepEqual(await kept(), before);
});
