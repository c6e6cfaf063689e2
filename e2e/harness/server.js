// The real binary on a fresh SQLite database in a folder that goes away.
import { execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const root = fileURLToPath(new URL('../..', import.meta.url))
const binary = process.env.LEADLATCH_BIN ?? join(root, 'target/debug/leadlatch')
/** Hooks may go to this machine: the tests' receivers are here. */
const env = { ...process.env, NO_COLOR: '1', LEADLATCH_HOOK_ALLOWED_RANGES: '127.0.0.0/8' }

/** A server, its database, and the command line beside it. */
export class Server {
  /** Starts one and waits until it listens. */
  static async start() {
    if (!existsSync(binary)) throw new Error(`${binary} is missing: cargo build, or set LEADLATCH_BIN`)
    const folder = await mkdtemp(join(tmpdir(), 'leadlatch-e2e-'))
    const server = new Server(folder)
    await server.#serve()
    return server
  }

  constructor(folder) {
    this.folder = folder
    this.database = `sqlite:${join(folder, 'leadlatch.db')}`
    /** All that the server printed. */
    this.log = ''
  }

  async #serve() {
    const line = ['serve', '--listen', '127.0.0.1:0', '--database', this.database]
    this.process = spawn(binary, line, { env, stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => { this.log += text })
    }
    const address = await this.#printed(/address=(\S+)/)
    this.base = `http://${address[1]}`
  }

  /** What the server prints, once it does. */
  async #printed(pattern) {
    for (let waited = 0; waited < 30_000; waited += 20) {
      const found = pattern.exec(this.log)
      if (found) return found
      if (this.process.exitCode !== null) break
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    throw new Error(`the server did not print ${pattern}:\n${this.log}`)
  }

  /** The one-time link that makes the first admin. */
  async firstAdminLink() {
    const [link] = await this.#printed(/https?:\/\/\S+\/start\/\S+/)
    return link
  }

  /** Runs a command beside the running server: its JSON value. */
  run(...line) {
    return this.runWith('', ...line)
  }

  /** As `run`, with a text on standard input. */
  runWith(input, ...line) {
    return new Promise((resolve, reject) => {
      const child = execFile(binary, [...line, '--json', '--database', this.database], { env }, (error, stdout, stderr) => {
        if (error) reject(new Error(`leadlatch ${line.join(' ')}: ${stderr}`))
        else resolve(JSON.parse(stdout))
      })
      child.stdin.end(input)
    })
  }

  /** Changes the database behind the server's back, for what only time would do. */
  sql(statement) {
    const program = 'import sqlite3, sys; db = sqlite3.connect(sys.argv[1], timeout=10); db.execute(sys.argv[2]); db.commit()'
    return promisify(execFile)('python3', ['-c', program, join(this.folder, 'leadlatch.db'), statement])
  }

  /** Calls the API with a key: status and body. */
  async api(key, method, path, body) {
    const headers = { authorization: `Bearer ${key}` }
    if (body !== undefined) headers['content-type'] = 'application/json'
    const answer = await fetch(`${this.base}/api/v1${path}`, { method, headers, body: JSON.stringify(body) })
    const text = await answer.text()
    return { status: answer.status, body: text === '' ? null : JSON.parse(text) }
  }

  /** Stops it and removes what it kept. */
  async stop() {
    const ended = new Promise((resolve) => this.process.once('exit', resolve))
    this.process.kill('SIGTERM')
    await ended
    await rm(this.folder, { recursive: true, force: true })
  }
}
