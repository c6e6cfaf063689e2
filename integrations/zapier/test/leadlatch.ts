/** The real binary on a database of its own, as its users meet it: by command line and by HTTP. */

import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const BUILT = fileURLToPath(new URL('../../../target/debug/leadlatch', import.meta.url));
const BINARY = process.env['LEADLATCH_BIN'] ?? BUILT;

export type Key = { id: string; secret: string };
export type Lead = Record<string, unknown> & { id: number };

const SCOPES = ['create_leads', 'read_leads', 'update_delete_leads'];

export class Leadlatch {
  private readonly folder = mkdtempSync(join(tmpdir(), 'leadlatch-zapier-'));
  private readonly database = process.env['LEADLATCH_TEST_DATABASE'] ?? `sqlite:${join(this.folder, 'leadlatch.db')}`;
  private server: ChildProcess | undefined;
  base = '';

  static async start(account: string): Promise<Leadlatch> {
    if (!existsSync(BINARY)) throw new Error(`${BINARY} is missing: run cargo build, or set LEADLATCH_BIN`);
    const made = new Leadlatch();
    made.run('account', 'create', '--name', account, '--slug', account);
    await made.serve();
    return made;
  }

  /** Runs a command and gives the value that it prints. */
  run(...line: string[]): any {
    const args = [...line, '--json', '--database', this.database];
    return JSON.parse(execFileSync(BINARY, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }));
  }

  private async serve(): Promise<void> {
    // A hook goes to the public internet alone, unless the operator allows a range: the receiver of the tests is here.
    const env = { ...process.env, NO_COLOR: '1', LEADLATCH_HOOK_ALLOWED_RANGES: '127.0.0.0/8' };
    const args = ['serve', '--listen', '127.0.0.1:0', '--database', this.database];
    this.server = spawn(BINARY, args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
    const lines = createInterface({ input: this.server.stderr! });
    this.base = await new Promise((found, failed) => {
      lines.on('line', (line) => {
        const address = line.split('address=')[1];
        if (address) found(`http://${address.trim()}`);
      });
      lines.on('close', () => failed(new Error('the server ended before it listened')));
    });
  }

  key(account: string, partner?: string, scopes = SCOPES): Key {
    const kind = partner ? ['--kind', 'partner', '--partner', partner] : ['--kind', 'full'];
    const ticked = scopes.flatMap((scope) => ['--scope', scope]);
    const name = partner ? 'Zap of a partner' : 'Zap of the office';
    const made = this.run('key', 'create', '--account', account, '--name', name, ...kind, ...ticked);
    return { id: String(made.id), secret: made.secret };
  }

  deleteKey(account: string, key: Key): void {
    this.run('key', 'delete', '--account', account, key.id);
  }

  async fetch(method: string, path: string, key: Key, body?: unknown): Promise<Response> {
    const headers = { Authorization: `Bearer ${key.secret}`, 'Content-Type': 'application/json' };
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    return fetch(`${this.base}/api/v1${path}`, { method, headers, ...sent });
  }

  async lead(key: Key, body: unknown): Promise<Lead> {
    const answer = await this.fetch('POST', '/leads', key, body);
    if (answer.status !== 201) throw new Error(await answer.text());
    return (await answer.json()) as Lead;
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.server?.once('exit', resolve));
    this.server?.kill();
    await ended;
    rmSync(this.folder, { recursive: true, force: true });
  }
}
