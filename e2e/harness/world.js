// An account as it is after some months: people, partners, leads, and keys in every state.
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { Server } from './server.js'

export const password = 'correct horse battery'
export const admin = { name: 'Ann Archer', email: 'ann@acme.example' }
export const member = { name: 'Max Member', email: 'max@acme.example' }
/** An admin with an authenticator app, whose password was given too long ago for what is grave. */
export const careful = { name: 'Cara Careful', email: 'cara@acme.example' }

const scopes = (...names) => names.flatMap((name) => ['--scope', name])
const of = ['--account', 'acme']

/** A server with an account and its admin, and nothing else. */
export async function newAccount() {
  const server = await Server.start()
  await server.run('account', 'create', '--name', 'Acme Leads', '--slug', 'acme')
  const person = ({ name, email }, role) =>
    server.runWith(`${password}\n`, 'user', 'create', ...of, '--email', email, '--name', name, '--role', role)
  await person(admin, 'admin')
  await person(member, 'member')
  return server
}

/** Makes a key; the answer has its id and its secret. */
export const makeKey = (server, name, ...line) => server.run('key', 'create', ...of, '--name', name, ...line)

/** A receiver of hooks that takes none of them: its address. It does not keep the process alive. */
async function deafReceiver() {
  const receiver = createServer((_, answer) => { answer.statusCode = 500; answer.end('not today') }).listen(0, '127.0.0.1').unref()
  await once(receiver, 'listening')
  return `http://127.0.0.1:${receiver.address().port}/new-lead`
}

/** Waits until a subscription has a delivery with an attempt, and answers it. */
async function firstDelivery(server, hook) {
  for (let waited = 0; waited < 10_000; waited += 100) {
    const deliveries = await server.run('hook', 'deliveries', ...of, String(hook.id))
    const tried = deliveries.find(({ attempt_count: count }) => count > 0)
    if (tried) return tried
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error('nothing was delivered')
}

/** A server with an account that is in use. */
export async function busyAccount() {
  const server = await newAccount()
  const partner = (kind, company) =>
    server.run('partner', 'create', ...of, '--kind', kind, '--company', company, '--link-lead-group', 'General')
  const north = await partner('introducer', 'North Homes')
  const south = await partner('partner', 'South Loans & Sons')
  await partner('both', '<script>alert(1)</script>')
  const full = await makeKey(server, 'Back office', '--kind', 'full', ...scopes('create_leads', 'read_leads', 'update_delete_leads'))
  const zap = await makeKey(server, 'North Homes Zap', '--kind', 'partner', '--partner', String(north.id), ...scopes('create_leads', 'read_leads'))
  const reports = await makeKey(server, 'Reports', '--kind', 'full', ...scopes('read_leads'))
  await makeKey(server, '<b>Bold</b> key', '--kind', 'full', ...scopes('read_leads'), '--expires', tomorrow())
  const southKey = await makeKey(server, 'South Loans', '--kind', 'partner', '--partner', String(south.id), ...scopes('read_leads'))
  const old = await makeKey(server, 'Old web site', '--kind', 'full', ...scopes('create_leads'))
  await server.run('key', 'delete', ...of, String(old.id), '--reason', 'The site is gone')
  const turning = await makeKey(server, 'Turning', '--kind', 'full', ...scopes('create_leads'))
  await server.run('key', 'rotate', ...of, String(turning.id), '--overlap', '24h')
  const target = await deafReceiver()
  const hook = await server.run('hook', 'create', ...of, '--target', target, '--event', 'lead.created')
  await server.api(zap.secret, 'POST', '/hooks', { target_url: target, events: ['lead.created'] })
  for (let number = 1; number <= 12; number += 1) {
    const lead = { firstname: 'Iris', lastname: `Lead ${number}`, email: `iris${number}@example.com`, source: 'google' }
    await server.api(number % 2 ? zap.secret : full.secret, 'POST', '/leads', lead)
  }
  await server.api(zap.secret, 'GET', '/users')
  await server.api(zap.secret, 'GET', '/leads')
  const delivery = await firstDelivery(server, hook)
  const people = await server.run('user', 'list', ...of)
  await server.runWith(`${password}\n`, 'user', 'create', ...of, '--email', careful.email, '--name', careful.name, '--role', 'admin')
  return { server, north, south, full, zap, reports, southKey, old, turning, hook, delivery, person: people.find(({ email }) => email === member.email) }
}

/** A moment a day from now, as the command line takes it. */
export const tomorrow = () => new Date(Date.now() + 86_400_000).toISOString()

/** Signs a person in. */
export async function signIn(page, { email } = admin) {
  await page.goto('/sign-in')
  await page.getByLabel('E-mail').fill(email)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.waitForURL((url) => url.pathname !== '/sign-in')
}

/** Signs the careful admin in: sets the app up the first time, gives a recovery code later, and lets the password grow old. */
export async function signInCarefully(page, world) {
  await signIn(page, careful)
  if (world.recoveryCodes) {
    await page.getByLabel('Code', { exact: true }).fill(world.recoveryCodes.pop())
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.waitForURL((url) => !url.pathname.startsWith('/sign-in'))
  } else {
    await page.goto('/account/authenticator')
    await page.getByLabel('Code that the app shows').fill(codeOf(await page.locator('input[name=seed]').inputValue()))
    await page.getByRole('button', { name: 'Set up app' }).click()
    await page.getByText('nobody can show them again').waitFor()
    world.recoveryCodes = await page.locator('li > code').allInnerTexts()
  }
  await growOld(world.server)
}

/** Makes every password one that was given long ago. */
export const growOld = (server) => server.sql(`UPDATE sessions SET confirmed_at = 1 WHERE user_id = (SELECT id FROM users WHERE email = '${careful.email}')`)

/** What an authenticator app shows now (RFC 6238). */
function codeOf(letters) {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
  const bits = [...letters.replace(/[^A-Z2-7]/g, '')].map((letter) => alphabet.indexOf(letter).toString(2).padStart(5, '0')).join('')
  const seed = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)))
  const step = Buffer.alloc(8)
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)))
  const digest = createHmac('sha1', seed).update(step).digest()
  const at = digest.at(-1) & 15
  return String((digest.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, '0')
}
